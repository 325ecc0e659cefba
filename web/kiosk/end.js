at("hall").textContent = query.get("title") || "公告朗读";
document.title = at("hall").textContent;

// A long touch and a drag are no way to menus.
for (const way of ["contextmenu", "dragstart"]) addEventListener(way, (event) => event.preventDefault());
addEventListener("online", look);

// Kept for when the service cannot be reached: only where pages are safe from others, on https or this machine.
if (navigator.serviceWorker) {
  navigator.serviceWorker.addEventListener("controllerchange", look); // now it sees what is asked
  navigator.serviceWorker.register("worker.js").catch(() => {}); // then it works while the service is there
}

resetSettings();
look();
})();
