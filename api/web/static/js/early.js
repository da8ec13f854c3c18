// Before anything is painted: the theme and the language chosen last, or else the browser's.
(() => {
  const root = document.documentElement;
  const kept = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // storage is switched off
    }
  };
  const theme = kept("braid.theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  const language = kept("braid.language") ?? (navigator.language || "en");
  root.lang = language.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
})();
