"""Sentences that say the same in Chinese and in English, on many subjects.

What an embedder makes of the two halves differs by the language alone, so the difference of
their means is the direction in which it tells the languages apart.
"""

from __future__ import annotations

PAIRS: tuple[tuple[str, str], ...] = (
    (
        "这座城市位于河流的下游，人口约三百万，是该地区的经济和文化中心。",
        "The city lies on the lower course of the river, has about three million inhabitants, and is "
        "the economic and cultural centre of the region.",
    ),
    (
        "公司应当在收到书面通知后三十日内支付全部款项，逾期须支付利息。",
        "The company shall pay the full amount within thirty days of receiving written notice; late "
        "payment bears interest.",
    ),
    (
        "他出生于1912年，早年学习物理，后来成为一名著名的作曲家。",
        "He was born in 1912, studied physics in his youth, and later became a famous composer.",
    ),
    (
        "该药物应在饭后服用，每日两次，孕妇及哺乳期妇女禁用。",
        "The medicine is to be taken after meals, twice a day; it must not be used during pregnancy "
        "or while breastfeeding.",
    ),
    (
        "第三季度营业收入为12.4亿元，同比增长8.6%，主要得益于海外销售。",
        "Revenue in the third quarter was 1.24 billion yuan, up 8.6% on the year, mainly thanks to "
        "sales abroad.",
    ),
    (
        "打开电源之前，请确认电缆没有破损，并且接地良好。",
        "Before switching on the power, make sure that the cable is not damaged and is properly "
        "earthed.",
    ),
    (
        "植物通过光合作用把二氧化碳和水转化为糖，并释放氧气。",
        "By photosynthesis plants turn carbon dioxide and water into sugar and release oxygen.",
    ),
    (
        "员工每年享有十五天带薪年假，未休的假期可以顺延至次年三月底。",
        "Employees have fifteen days of paid leave a year; days not taken may be carried over until "
        "the end of March of the following year.",
    ),
    (
        "这场战争持续了七年，最终以双方签订和平条约而告终。",
        "The war lasted seven years and ended when the two sides signed a treaty of peace.",
    ),
    (
        "程序启动时读取配置文件，如果文件不存在，则使用默认值。",
        "When it starts, the program reads the configuration file; if there is none, it uses default "
        "values.",
    ),
    (
        "球队在决赛中以三比一获胜，连续第二年夺得冠军。",
        "The team won the final by three to one and took the title for the second year in a row.",
    ),
    (
        "法院认为，被告没有尽到合理的注意义务，应当承担赔偿责任。",
        "The court found that the defendant had not taken reasonable care and was liable for the "
        "damage.",
    ),
    (
        "实验结果表明，随着温度升高，反应速度明显加快。",
        "The results of the experiment show that the reaction becomes much faster as the temperature "
        "rises.",
    ),
    (
        "博物馆周一闭馆，其他日子上午九点开门，下午五点停止入场。",
        "The museum is closed on Mondays; on other days it opens at nine, and the last admission is "
        "at five in the afternoon.",
    ),
    (
        "小说讲述了一个年轻女子离开家乡、到大城市谋生的故事。",
        "The novel tells of a young woman who leaves her home to make a living in a big city.",
    ),
    (
        "申请人须提交身份证复印件、学历证明和两封推荐信。",
        "Applicants must submit a copy of their identity card, proof of education and two letters of "
        "recommendation.",
    ),
    (
        "这种鸟栖息在沿海湿地，以小鱼和昆虫为食，冬季迁往南方。",
        "The bird lives in coastal wetlands, feeds on small fish and insects, and moves south in "
        "winter.",
    ),
    (
        "列车晚点超过一小时的，旅客可以要求退还部分票款。",
        "If a train is more than an hour late, passengers may ask for part of the fare to be "
        "refunded.",
    ),
    (
        "政府宣布将在未来五年内投资建设新的地铁线路和医院。",
        "The government announced that over the next five years it will invest in new underground "
        "lines and hospitals.",
    ),
    (
        "双方应当对在合作过程中获知的商业秘密予以保密。",
        "Each party shall keep confidential the trade secrets that it learns in the course of the "
        "cooperation.",
    ),
    (
        "机器每运行五百小时，应更换润滑油并清洗过滤器。",
        "After every five hundred hours of running, the oil of the machine is to be changed and the "
        "filter cleaned.",
    ),
    (
        "什么时候可以退货？需要带上收据吗？",
        "When can goods be returned? Do I have to bring the receipt?",
    ),
    (
        "如何重新设置密码？",
        "How do I reset my password?",
    ),
    (
        "谁负责批准超过五万元的采购？",
        "Who approves purchases of more than fifty thousand?",
    ),
    (
        "会议决定推迟新产品的发布，并要求质量部门在两周内提交报告。",
        "The meeting decided to postpone the launch of the new product, and asked the quality "
        "department for a report within two weeks.",
    ),
    (
        "地震发生在凌晨四点，震级为6.2级，造成多处房屋倒塌。",
        "The earthquake struck at four in the morning with a magnitude of 6.2 and brought down many "
        "houses.",
    ),
    (
        "细胞核内的遗传物质决定了生物的性状。",
        "The genetic material in the nucleus of the cell determines the traits of an organism.",
    ),
    (
        "投资者应当注意，过去的业绩并不代表未来的收益。",
        "Investors should note that past performance is no promise of future returns.",
    ),
    (
        "学校将于九月一日开学，新生须提前两天报到。",
        "School begins on the first of September; new pupils have to register two days before.",
    ),
    (
        "这幅画完成于十七世纪，现藏于国家美术馆。",
        "The painting was finished in the seventeenth century and is now in the national gallery.",
    ),
    (
        "系统每天凌晨自动备份数据，备份保留三十天。",
        "The system backs up its data every night and keeps the backups for thirty days.",
    ),
    (
        "将面粉、鸡蛋和牛奶混合，搅拌均匀后静置半小时。",
        "Mix the flour, eggs and milk, stir until smooth, and let the batter rest for half an hour.",
    ),
)
