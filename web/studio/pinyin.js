// Pinyin: from the figures of the service to tone marks, and which readings a character may have.

const MARKS = { a: "āáǎà", e: "ēéěè", i: "īíǐì", o: "ōóǒò", u: "ūúǔù", ü: "ǖǘǚǜ" };

/** `er4` as it is printed: èr. What is no syllable with a tone stays as it is. */
function toneMark(syllable) {
  const found = /^([a-zü]+)([1-5])$/.exec(syllable.toLowerCase().replace(/u:|v/g, "ü"));
  if (!found) return syllable;
  const [, letters, tone] = found;
  if (tone === "5") return letters;
  // On a or e where there is one, on the o of ou, else on the last vowel.
  const vowel = /[ae]/.exec(letters) || /o(?=u)/.exec(letters) || /[aeiouü](?=[^aeiouü]*$)/.exec(letters);
  if (!vowel) return letters; // hm, ng
  return letters.slice(0, vowel.index) + MARKS[vowel[0]][tone - 1] + letters.slice(vowel.index + 1);
}

/** The readings of characters that notices have and people stumble over, the commonest first. */
const READINGS = new Map(`
行 xing2 hang2|长 chang2 zhang3|重 zhong4 chong2|调 diao4 tiao2|都 dou1 du1|还 hai2 huan2|为 wei4 wei2|得 de5 de2 dei3
地 di4 de5|的 de5 di4 di2|着 zhe5 zhao2 zhuo2|了 le5 liao3|发 fa1 fa4|处 chu4 chu3|量 liang4 liang2|数 shu4 shu3
当 dang1 dang4|干 gan4 gan1|系 xi4 ji4|相 xiang1 xiang4|种 zhong3 zhong4|参 can1 shen1|差 cha4 chai1 cha1|传 chuan2 zhuan4
藏 cang2 zang4|曾 ceng2 zeng1|朝 chao2 zhao1|乘 cheng2 sheng4|盛 sheng4 cheng2|单 dan1 shan4|弹 dan4 tan2|倒 dao3 dao4
恶 e4 wu4|分 fen1 fen4|供 gong1 gong4|冠 guan4 guan1|和 he2 huo4|华 hua2 hua4|会 hui4 kuai4|济 ji4 ji3|间 jian1 jian4
降 jiang4 xiang2|将 jiang1 jiang4|教 jiao4 jiao1|解 jie3 xie4|禁 jin4 jin1|卷 juan4 juan3|空 kong1 kong4|落 luo4 la4
累 lei4 lei3|率 lv4 shuai4|绿 lv4 lu4|难 nan2 nan4|宁 ning2 ning4|强 qiang2 qiang3|切 qie4 qie1|任 ren4 ren2|散 san4 san3
省 sheng3 xing3|石 shi2 dan4|宿 su4 xiu3|提 ti2 di1|兴 xing1 xing4|血 xue4 xie3|应 ying1 ying4|予 yu3 yu2|载 zai4 zai3
占 zhan4 zhan1|折 zhe2 she2|正 zheng4 zheng1|只 zhi3 zhi1|中 zhong1 zhong4|转 zhuan3 zhuan4|属 shu3 zhu3|扎 zha1 za1
背 bei4 bei1|便 bian4 bian2|薄 bo2 bao2|称 cheng1 chen4|冲 chong1 chong4|大 da4 dai4|担 dan1 dan4|钉 ding1 ding4|度 du4 duo2
创 chuang4 chuang1|更 geng4 geng1|号 hao4 hao2|好 hao3 hao4|核 he2 hu2|横 heng2 heng4|几 ji3 ji1|给 gei3 ji3|觉 jue2 jiao4
露 lu4 lou4|蒙 meng2 meng3|模 mo2 mu2|泊 bo2 po1|铺 pu1 pu4|奇 qi2 ji1|圈 quan1 juan4|少 shao3 shao4|什 shen2 shi2
识 shi2 zhi4|说 shuo1 shui4|似 si4 shi4|王 wang2 wang4|鲜 xian1 xian3|校 xiao4 jiao4|压 ya1 ya4|要 yao4 yao1|饮 yin3 yin4
六 liu4 lu4|浚 jun4 xun4|尉 wei4 yu4|乐 le4 yue4|尽 jin4 jin3|结 jie2 jie1|劲 jin4 jing4|据 ju4 ju1|看 kan4 kan1|炮 pao4 bao1
`.trim().split(/[|\n]/).map((line) => [line[0], line.slice(2).split(" ")]));

/** The other ways to read `written`, of which `said` (er4 lian2) is the present one: one character changed each. */
function otherReadings(written, said) {
  const characters = [...written];
  const syllables = said.split(" ");
  if (characters.length !== syllables.length) return [];
  return characters.flatMap((character, at) => (READINGS.get(character) || [])
    .filter((reading) => reading !== syllables[at])
    .map((reading) => syllables.map((one, place) => (place === at ? reading : one)).join(" ")));
}
