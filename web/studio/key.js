// 1. key: what the editor may do here.

/** Called whenever the key is another one. */
const keyed = [];

function startKey() {
  $("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    during($("key-form").querySelector("[type=submit]"), tryKey, (error) => (error.code === "lost" ? null : $("key")));
  });
  $("no-key").addEventListener("click", () => useKey(null, "", []));
  $("change-key").addEventListener("click", () => {
    $("key-part").hidden = false;
    $("key").focus();
  });
  $("key").focus();
}

async function tryKey() {
  const key = $("key").value.trim();
  wrong($("key"), "");
  if (!key) {
    wrong($("key"), "请填写密钥。");
    $("key").focus();
    return;
  }
  // Nothing else can be sent as a key: a note copied along with it, a character of the input method.
  if (/[^\x21-\x7e]/.test(key)) throw new Refusal(REFUSED.key_wrong, { code: "key_wrong" });
  try {
    const { name, may } = await callJson("GET", "/v1/key", { headers: { Authorization: `Bearer ${key}` } });
    useKey(key, name, may);
  } catch (error) {
    if (error.code === "keys_off") $("key-help").hidden = false;
    throw error;
  }
}

const RIGHTS = { publish: "可以发布", lexicon: "可以改读音", speech: "可以合成语音" };

function useKey(key, name, may) {
  Object.assign(now, { key, may });
  const rights = may.map((right) => RIGHTS[right]).filter(Boolean).join("、");
  $("holder").textContent = key ? `密钥：${name}（${rights}）` : "没有使用密钥";
  $("key").value = "";
  wrong($("key"), "");
  $("key-part").hidden = true;
  $("change-key").hidden = false;
  $("change-key").textContent = key ? "更换密钥" : "填写密钥";
  for (const told of keyed) told();
  say(key ? `密钥可用，${rights}。请放入公告文字。` : "没有使用密钥，只能看读法和试听。");
  $("text").focus();
}

/** Whether the key is good for `publish` or `lexicon`. */
const may = (right) => now.may.includes(right);
