/* A page that never loads anew: its notices come and go, and the player follows by itself. */
(() => {
  "use strict";

  const NOTICES = [
    {
      title: "周末义诊活动",
      lines: [
        "市人民医院定于11月28日（星期六）上午8:30至11:30，在和平广场举办义诊活动。",
        "内科、骨科、眼科的医生现场看诊，免费测血压、测血糖，不用预约。",
        "请带上以前的病历和正在吃的药。联系电话：0300-8611120。",
      ],
    },
    {
      title: "冬季取暖安全提醒",
      lines: [
        "入冬以来，我市已发生3起一氧化碳中毒事故，请大家务必当心。",
        "烧煤取暖要装好烟囱，睡觉前检查炉火，不要把门窗关得太严。",
        "感到头晕、恶心，请立即打开门窗，到屋外去，并拨打120。",
      ],
    },
    {
      title: "公交线路调整",
      lines: [
        "自12月1日起，5路公交车延长到清河东站，首班6:00，末班21:30。",
        "原来的市场街站取消，请到相距150米的解放路口站乘车。",
      ],
    },
  ];

  const titles = document.getElementById("titles");
  const view = document.getElementById("view");

  const make = (name, text, style = "") => Object.assign(document.createElement(name), { textContent: text, className: style });

  /** Shows a notice in place of the one before. */
  function open({ title, lines }) {
    const article = make("article", "");
    article.dataset.langduRegion = "";
    article.append(make("h1", title), ...lines.map((line) => make("p", line)));
    view.hidden = false;
    view.replaceChildren(article);
  }

  for (const notice of NOTICES) {
    const button = make("button", notice.title, "plain");
    button.type = "button";
    button.addEventListener("click", () => open(notice));
    titles.append(button);
  }
  const close = make("button", "全部收起", "plain");
  close.type = "button";
  close.addEventListener("click", () => {
    view.replaceChildren();
    view.hidden = true;
  });
  titles.append(close);
})();
