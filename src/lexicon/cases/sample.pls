<?xml version="1.0" encoding="UTF-8"?>
<lexicon version="1.0" xmlns="http://www.w3.org/2005/01/pronunciation-lexicon"
         alphabet="x-pinyin" xml:lang="zh-CN">
  <meta name="note" content="written for this test"/>
  <lexeme>
    <grapheme>临河</grapheme>
    <phoneme>lin2 he2</phoneme>
  </lexeme>
  <lexeme>
    <grapheme>六安</grapheme>
    <phoneme alphabet="ipa">lu˥˩ an˥</phoneme>
    <phoneme>liu4 an1</phoneme>
    <phoneme prefer="true">lù ān</phoneme>
  </lexeme>
  <lexeme>
    <grapheme>W3C</grapheme>
    <alias>万维网联盟</alias>
  </lexeme>
  <lexeme>
    <grapheme>万维网</grapheme>
    <phoneme alphabet="pinyin"><![CDATA[wan4 wei2 wang3]]></phoneme>
    <example>万维网的标准</example>
  </lexeme>
  <lexeme>
    <grapheme>R&amp;D</grapheme>
    <alias>研发</alias>
  </lexeme>
  <lexeme>
    <grapheme>水</grapheme>
    <phoneme alphabet="ipa">ʂweɪ</phoneme>
  </lexeme>
  <lexeme>
    <alias>没有写法</alias>
  </lexeme>
  <lexeme>
    <grapheme>停水</grapheme>
    <phoneme>ting2</phoneme>
  </lexeme>
  <lexeme>
    <grapheme>蔚县</grapheme>
    <phoneme>yu4 xian4</phoneme>
  </lexeme>
  <lexeme>
    <grapheme>蔚县</grapheme>
    <phoneme>wei4 xian4</phoneme>
  </lexeme>
</lexicon>
