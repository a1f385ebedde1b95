--- Names that a provider may take for one and the same, though their bytes
-- differ: in letter case, in blanks, or in their Unicode form (NFC, NFD, full
-- width). CJK compatibility ideographs stay what they are.
local text = require "coffer.values.text"

local alike = {}

--- Letters and their parts, by the combining mark: each letter is followed by
-- the one that it is made of. As in the Unicode Character Database.
local parts_by_mark = {
  [0x300] = "ÀAÈEÌIÒOÙUàaèeìiòoùuǛÜǜüǸNǹnЀЕЍИѐеѝиḔĒḕēṐŌṑōẀWẁwẦÂầâẰĂằăỀÊềêỒÔồôỜƠờơỪƯừưỲYỳyἂἀἃἁἊἈἋἉ"
    .. "ἒἐἓἑἚἘἛἙἢἠἣἡἪἨἫἩἲἰἳἱἺἸἻἹὂὀὃὁὊὈὋὉὒὐὓὑὛὙὢὠὣὡὪὨὫὩὰαὲεὴηὶιὸοὺυὼωᾺΑῈΕῊΗ῍᾿ῒϊῚΙ῝῾ῢϋῪΥ῭¨ῸΟῺΩ",
  [0x301] = "ÁAÉEÍIÓOÚUÝYáaéeíióoúuýyĆCćcĹLĺlŃNńnŔRŕrŚSśsŹZźzǗÜǘüǴGǵgǺÅǻåǼÆǽæǾØǿø̈́̈΅¨ΆΑΈΕΉΗΊΙΌΟΎΥ"
    .. "ΏΩΐϊάαέεήηίιΰϋόούυώωϓϒЃГЌКѓгќкḈÇḉçḖĒḗēḮÏḯïḰKḱkḾMḿmṌÕṍõṒŌṓōṔPṕpṸŨṹũẂWẃwẤÂấâẮĂắăẾÊếêỐÔ"
    .. "ốôỚƠớơỨƯứưἄἀἅἁἌἈἍἉἔἐἕἑἜἘἝἙἤἠἥἡἬἨἭἩἴἰἵἱἼἸἽἹὄὀὅὁὌὈὍὉὔὐὕὑὝὙὤὠὥὡὬὨὭὩ῎᾿῞῾",
  [0x302] = "ÂAÊEÎIÔOÛUâaêeîiôoûuĈCĉcĜGĝgĤHĥhĴJĵjŜSŝsŴWŵwŶYŷyẐZẑzẬẠậạỆẸệẹỘỌộọ",
  [0x303] = "ÃAÑNÕOãañnõoĨIĩiŨUũuṼVṽvẪÂẫâẴĂẵăẼEẽeỄÊễêỖÔỗôỠƠỡơỮƯữưỸYỹy",
  [0x304] = "ĀAāaĒEēeĪIīiŌOōoŪUūuǕÜǖüǞÄǟäǠȦǡȧǢÆǣæǬǪǭǫȪÖȫöȬÕȭõȰȮȱȯȲYȳyӢИӣиӮУӯуḠGḡgḸḶḹḷṜṚṝṛᾱαᾹΑῑιῙΙ"
    .. "ῡυῩΥ",
  [0x306] = "ĂAăaĔEĕeĞGğgĬIĭiŎOŏoŬUŭuЎУЙИйиўуӁЖӂжӐАӑаӖЕӗеḜȨḝȩẶẠặạᾰαᾸΑῐιῘΙῠυῨΥ",
  [0x307] = "ĊCċcĖEėeĠGġgİIŻZżzȦAȧaȮOȯoḂBḃbḊDḋdḞFḟfḢHḣhṀMṁmṄNṅnṖPṗpṘRṙrṠSṡsṤŚṥśṦŠṧšṨṢṩṣṪTṫtẆWẇwẊX"
    .. "ẋxẎYẏyẛſ",
  [0x308] = "ÄAËEÏIÖOÜUäaëeïiöoüuÿyŸYΪΙΫΥϊιϋυϔϒЁЕЇІёеїіӒАӓаӚӘӛәӜЖӝжӞЗӟзӤИӥиӦОӧоӪӨӫөӬЭӭэӰУӱуӴЧӵчӸЫ"
    .. "ӹыḦHḧhṎÕṏõṺŪṻūẄWẅwẌXẍxẗt",
  [0x309] = "ẢAảaẨÂẩâẲĂẳăẺEẻeỂÊểêỈIỉiỎOỏoỔÔổôỞƠởơỦUủuỬƯửưỶYỷy",
  [0x30A] = "ÅAåaŮUůuẘwẙy",
  [0x30B] = "ŐOőoŰUűuӲУӳу",
  [0x30C] = "ČCčcĎDďdĚEěeĽLľlŇNňnŘRřrŠSšsŤTťtŽZžzǍAǎaǏIǐiǑOǒoǓUǔuǙÜǚüǦGǧgǨKǩkǮƷǯʒǰjȞHȟh",
  [0x30F] = "ȀAȁaȄEȅeȈIȉiȌOȍoȐRȑrȔUȕuѶѴѷѵ",
  [0x311] = "ȂAȃaȆEȇeȊIȋiȎOȏoȒRȓrȖUȗu",
  [0x313] = "ἀαἈΑἐεἘΕἠηἨΗἰιἸΙὀοὈΟὐυὠωὨΩῤρ",
  [0x314] = "ἁαἉΑἑεἙΕἡηἩΗἱιἹΙὁοὉΟὑυὙΥὡωὩΩῥρῬΡ",
  [0x31B] = "ƠOơoƯUưu",
  [0x323] = "ḄBḅbḌDḍdḤHḥhḲKḳkḶLḷlṂMṃmṆNṇnṚRṛrṢSṣsṬTṭtṾVṿvẈWẉwẒZẓzẠAạaẸEẹeỊIịiỌOọoỢƠợơỤUụuỰƯựưỴYỵy",
  [0x324] = "ṲUṳu",
  [0x325] = "ḀAḁa",
  [0x326] = "ȘSșsȚTțt",
  [0x327] = "ÇCçcĢGģgĶKķkĻLļlŅNņnŖRŗrŞSşsŢTţtȨEȩeḐDḑdḨHḩh",
  [0x328] = "ĄAąaĘEęeĮIįiŲUųuǪOǫo",
  [0x32D] = "ḒDḓdḘEḙeḼLḽlṊNṋnṰTṱtṶUṷu",
  [0x32E] = "ḪHḫh",
  [0x330] = "ḚEḛeḬIḭiṴUṵu",
  [0x331] = "ḆBḇbḎDḏdḴKḵkḺLḻlṈNṉnṞRṟrṮTṯtẔZẕzẖh",
  [0x342] = "ἆἀἇἁἎἈἏἉἦἠἧἡἮἨἯἩἶἰἷἱἾἸἿἹὖὐὗὑὟὙὦὠὧὡὮὨὯὩᾶα῁¨ῆη῏᾿ῖιῗϊ῟῾ῦυῧϋῶω",
  [0x345] = "ᾀἀᾁἁᾂἂᾃἃᾄἄᾅἅᾆἆᾇἇᾈἈᾉἉᾊἊᾋἋᾌἌᾍἍᾎἎᾏἏᾐἠᾑἡᾒἢᾓἣᾔἤᾕἥᾖἦᾗἧᾘἨᾙἩᾚἪᾛἫᾜἬᾝἭᾞἮᾟἯᾠὠᾡὡᾢὢᾣὣᾤὤᾥὥᾦὦᾧὧᾨὨᾩὩ"
    .. "ᾪὪᾫὫᾬὬᾭὭᾮὮᾯὯᾲὰᾳαᾴάᾷᾶᾼΑῂὴῃηῄήῇῆῌΗῲὼῳωῴώῷῶῼΩ",
  [0x3099] = "がかぎきぐくげけごこざさじしずすぜせぞそだたぢちづつでてどとばはびひぶふべへぼほゔうゞゝガカギキグクゲケゴコザサジシズスゼセゾソダタヂチヅツデテドトバハビヒブフベヘボホ"
    .. "ヴウヷワヸヰヹヱヺヲヾヽ",
  [0x309A] = "ぱはぴひぷふぺへぽほパハピヒプフペヘポホ",
}

--- Letters that have case and are not made of parts: capital, small, capital ...
local lower_pairs = "ςσĐđĦħŁłŊŋŒœŦŧƁɓƂƃƄƅƆɔƇƈƉɖƊɗƋƌƎǝƏəƐɛƑƒƓɠƔɣ"
    .. "ƖɩƗɨƘƙƜɯƝɲƟɵƢƣƤƥƦʀƧƨƩʃƬƭƮʈƱʊƲʋƳƴƵƶƷʒƸƹƼƽǤǥǶƕ"
  .. "ǷƿȜȝȠƞȢȣȤȥȺⱥȻȼȽƚȾⱦɁɂɃƀɄʉɅʌɆɇɈɉɊɋɌɍɎɏͰͱͲͳͶͷͿϳϏϗϘϙϚϛϜϝϞϟϠϡϢϣϤϥϦϧϨϩϪϫϬϭϮϯϷϸϺϻϽͻϾͼϿͽѠѡѢѣ"
  .. "ѤѥѦѧѨѩѪѫѬѭѮѯѰѱѲѳѴѵѸѹѺѻѼѽѾѿҀҁҊҋҌҍҎҏҐґҒғҔҕҖҗҘҙҚқҜҝҞҟҠҡҢңҤҥҦҧҨҩҪҫҬҭҮүҰұҲҳҴҵҶҷҸҹҺһҼҽҾҿӀӏ"
  .. "ӃӄӅӆӇӈӉӊӋӌӍӎӔӕӘәӠӡӨөӶӷӺӻӼӽӾӿԀԁԂԃԄԅԆԇԈԉԊԋԌԍԎԏԐԑԒԓԔԕԖԗԘԙԚԛԜԝԞԟԠԡԢԣԤԥԦԧԨԩԪԫԬԭԮԯ"

--- Ranges of capitals, and how far away their small letters are.
local capitals = {
  { 0x41, 0x5A, 32 }, { 0xC0, 0xDE, 32 }, { 0x391, 0x3A9, 32 }, { 0x400, 0x40F, 80 },
  { 0x410, 0x42F, 32 }, { 0x531, 0x556, 48 },
}

local parts, small = {}, {}

for mark, letters in pairs(parts_by_mark) do
  local letter
  for _, code in utf8.codes(letters) do
    if letter then
      parts[letter], letter = { code, mark }, nil
    else
      letter = code
    end
  end
end

for from, to in lower_pairs:gmatch(("(%s)"):rep(2):format(utf8.charpattern, utf8.charpattern)) do
  small[utf8.codepoint(from)] = utf8.codepoint(to)
end

for _, range in ipairs(capitals) do
  for code = range[1], range[2] do
    small[code] = code + range[3]
  end
end

--- Blanks of all kinds, and what has no width at all.
local blanks = { [0x20] = true, [0xA0] = true, [0x1680] = true, [0x2028] = true, [0x2029] = true,
                 [0x202F] = true, [0x205F] = true, [0x3000] = true, [0x85] = true }
for code = 9, 13 do
  blanks[code] = true
end
for code = 0x2000, 0x200A do
  blanks[code] = true
end
local nothing = { [0xAD] = true, [0x200B] = true, [0x200C] = true, [0x200D] = true,
                  [0x2060] = true, [0xFEFF] = true }

--- Puts a letter's parts on the list; a Korean syllable has them by arithmetic.
local function put(codes, code)
  local own = parts[code]
  if own then
    put(codes, own[1])
    put(codes, own[2])
  elseif code >= 0xAC00 and code <= 0xD7A3 then
    local index = code - 0xAC00
    codes[#codes + 1] = 0x1100 + index // 588
    codes[#codes + 1] = 0x1161 + index % 588 // 28
    codes[#codes + 1] = index % 28 > 0 and 0x11A7 + index % 28 or nil
  else
    codes[#codes + 1] = small[code] or code
  end
end

--- The code points of a text in parts, blanks as single ones.
local function taken_apart(name)
  local codes = {}
  for _, code in utf8.codes(name) do
    if code >= 0xFF01 and code <= 0xFF5E then
      code = code - 0xFEE0 -- full width
    end
    if not blanks[code] then
      if not nothing[code] then
        put(codes, code)
      end
    elseif codes[#codes] ~= 0x20 then
      codes[#codes + 1] = 0x20
    end
  end
  return codes
end

local function is_mark(code)
  return code ~= nil and code >= 0x300 and code <= 0x36F
end

--- Puts the marks of each letter in order: they come in any.
local function sort_marks(codes)
  local from = 1
  while from <= #codes do
    local to = from
    while is_mark(codes[to]) do
      to = to + 1
    end
    if to - from > 1 then
      local marks = table.move(codes, from, to - 1, 1, {})
      table.sort(marks)
      table.move(marks, 1, #marks, from, codes)
    end
    from = to + 1
  end
end

--- What two names have in common that may be taken for one: equal keys.
function alike.key(name)
  if not utf8.len(name) or not name:find "[\128-\255]" then
    return text.lower(name):gsub("%s+", " "):match "^ ?(.-) ?$"
  end
  local codes = taken_apart(name)
  sort_marks(codes)
  for i, code in ipairs(codes) do
    codes[i] = utf8.char(code)
  end
  return table.concat(codes):match "^ ?(.-) ?$"
end

return alike
