// Files of the whole notice, for archives and telephones.

function startDownloads() {
  $("downloads").addEventListener("click", (event) => {
    const button = event.target.closest("[data-file]");
    if (button) during(button, () => download(button.dataset.file));
  });
}

/** Fetches a file with the key and hands it to the browser, which could not send the key itself. */
async function download(file) {
  say("正在下载，还没制作的句子要先制作，请稍候…");
  const { id } = now.manifest;
  const parts = [];
  let bytes = 0;
  try {
    const response = await call("GET", `/v1/notices/${id}/${file}`, { patience: 0 });
    const reader = response.body.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      parts.push(value);
      const before = Math.floor(bytes / 1e6);
      bytes += value.length;
      if (Math.floor(bytes / 1e6) > before) say(`正在下载… ${(bytes / 1e6).toFixed(0)} MB`);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal("下载中断了，可能有一句没有制作成功。请看制作进度，重试以后再下载。");
  }
  const blob = URL.createObjectURL(new Blob(parts));
  const name = nameFor(titleOf(now.manifest), dateOf(now.manifest)) || "公告";
  make("a", { href: blob, download: `${name}.${file.replace(/^audio\.|^clips\./, "")}` }).click();
  setTimeout(() => URL.revokeObjectURL(blob), 60000); // the browser has begun long before
  say("已下载。");
}
