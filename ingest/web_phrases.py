"""What web pages say around their content: notices, share bars, copyright lines, pagers."""

from __future__ import annotations

import re

_LONGEST = 400
_CHINESE = r"""
    (?:本网?[站页]|我们).{0,16}(?:cookies?|浏览器缓存|缓存改善).*
    (?:版权所有|著作权|©|copyright\b|\(c\)\s*(?:19|20)\d\d).*
    .{0,60}(?:保留所有权利|未经.{0,12}(?:授权|许可|同意).{0,12}(?:转载|复制|使用)).{0,40}
    .{0,30}(?:ICP\s*[备證证]|公网安备|网安备|经营许可证).{0,60}
    (?:分享(?:本文|文章)?(?:到|至|给|[:：]|$)).{0,40}
    (?:微信)?扫(?:一扫|码).{0,24}
    (?:【?返回】?(?:顶部|列表|首页|上一?[页级])|回到?顶部|打印(?:本[页文])?|关闭(?:窗口|本页)?|收藏(?:本[页文])?|点赞|举报|纠错)
    (?:上|下)一?[篇页条则章][:：].*
    (?:相关|推荐|延伸|热门|猜你喜欢的?|更多|最新)(?:阅读|文章|新闻|资讯|推荐|链接|专题|内容|商品|产品|文档)[:：]?.{0,60}
    猜你喜欢|大家都在看|看了又看|看过.{0,8}还(?:看|买)了.{0,6}|(?:网友|用户|精彩|全部|最新|商品)?(?:评论|评价|留言)(?:区|列表)?(?:[（(].{0,12}[）)])?|我要评论|文明上网.{0,40}
    (?:主办|承办|主管|技术支持)(?:单位)?[:：].{0,60}|网站标识码[:：]?.{0,60}|(?:累计|全部)?(?:评价|评论|销量)\s*[\d.]+\s*[万千]?\+?
    (?:这篇|本篇?|该)(?:文章|文档|内容|页面?).{0,8}(?:有帮助|有用).{0,4}|(?:没)?有(?:帮助|用)(?:\s*[（(]\d+[）)])?
    加入购物车|立即(?:购买|下单|咨询|注册|登录|下载)|在线(?:客服|咨询|留言)|(?:你|您)好[,，]?请登[录陆].{0,10}|免费注册|我的订单|设为首页|加入收藏|(?:热门)?标签[:：].{0,60}
    [（(【]?(?:责任编辑|责编|编辑|校对|审核|来源|作者)[:：].{0,30}
    【?字[号体大小]{1,2}[:：].{0,16}
    (?:阅读|浏览|点击|访问)(?:量|次数|数)?\s*[:：（(]?\s*\d[\d,]*\s*次?[)）]?
    (?:您|你)?(?:的|所在的|现在的)?(?:当前)?位置[:：].*
    (?:点击)?(?:订阅|关注)(?:我们|本站|本刊)?.{0,14}(?:月刊|周刊|期刊|简报|邮件|公众号|微博|号)?
    免责声明[:：].*|.{0,40}不代表本[网站刊]的?(?:观点|立场).*|(?:政府)?网站找错|(?:我要)?纠错|降价通知
    登[录陆]|注册|首页|搜索|网站地图|联系我们|关于我们|免责声明|隐私(?:政策|声明)
    (?:同意|接受)(?:并继续|全部|所有)?(?:cookies?)?
"""
_ENGLISH = r"""
    (?:we|this\s(?:web)?site|our\s(?:web)?site)\s.{0,40}\bcookies?\b.*
    (?:by\scontinuing|by\susing\sthis\ssite).{0,200}
    (?:accept|reject|manage)\s(?:all\s)?(?:cookies|preferences)?
    .{0,60}\ball\srights\sreserved\b.{0,60}
    (?:share|tweet|pin|email|print|follow)(?:\s(?:this|us|on|via|to|by|the)\b.{0,40})?
    (?:←\s*|«\s*)?(?:previous|next|older|newer)(?:\s(?:post|article|page|topic|posts|entry))?\s*[:→»].*
    (?:related|comments|responses|your\s(?:answer|comment|email).{0,20}|add\sa\scomment|ask\s(?:a\s)?question)
    (?:viewed|views?:?)\s[\d.,]+k?(?:\stimes)?|[\d.,]+k?\sviews|sorted\sby\b.{0,40}|asked\b.{0,30}\bago
    \(?redirected\sfrom\b.{0,80}
    by\sclicking\b.{0,200}
    (?:back|return|go|jump|skip)\sto\s(?:the\s)?(?:top|main\scontent|content|navigation|home|list)
    (?:you\s(?:may|might)\s(?:also\s)?(?:like|be\sinterested)).{0,20}
    (?:related|recommended|popular|latest|recent|more)\s(?:posts?|articles?|products?|links?|topics?|reading|stories|news|pages?|content)\s*:?.{0,60}
    (?:subscribe|sign\sup|join)\b.{0,60}\b(?:newsletter|updates|mailing\slist|digest)\b.{0,40}
    (?:was\sthis|did\sthis|is\sthis).{0,24}\b(?:helpful|useful)\b.{0,20}
    (?:edit|improve|report|suggest).{0,12}\b(?:this\spage|on\sgithub|an?\sissue)\b.{0,20}
    (?:filed|posted)\s(?:under|in|by)\b.{0,60}
    (?:leave|post|add)\sa\s(?:comment|reply).{0,20}|\d+\scomments?|no\scomments(?:\syet)?
    (?:log|sign)\s?(?:in|up)|search|menu|home|(?:on\sthis\spage|table\sof\scontents)
    (?:terms\s(?:of\s(?:use|service)|(?:and|&)\sconditions)|privacy(?:\s(?:policy|notice))?|contact\sus|sitemap|cookie\s(?:policy|settings))(?:\s*[|·•]\s*.{0,60})?
    (?:powered|built|made|generated)\s(?:by|with)\b.{0,40}
"""
_SITE = re.compile(
    "|".join(
        f"(?:{pattern.strip()})" for pattern in (_CHINESE + _ENGLISH).split("\n") if pattern.strip()
    ),
    re.IGNORECASE | re.DOTALL,
)

_BARS = re.compile(r"\s*[|｜]\s*")


def is_site_phrase(text: str) -> bool:
    """Whether a text as a whole is one that sites put around what they publish."""
    if len(text) > _LONGEST:
        return False
    parts = [part for part in map(str.strip, _BARS.split(" ".join(text.split()))) if part]
    return bool(parts) and all(_SITE.fullmatch(part) for part in parts)
