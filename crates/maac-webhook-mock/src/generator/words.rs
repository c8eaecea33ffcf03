//! What brands, their friends and their goods are called.

pub(super) const FAMILY_NAMES: &[&str] =
    &["陳", "林", "黃", "張", "李", "王", "吳", "劉", "蔡", "楊", "歐陽", "𡍼"];

pub(super) const GIVEN_NAMES: &[&str] = &[
    "雅婷", "志明", "淑芬", "家豪", "怡君", "冠宇", "美玲", "俊傑", "筱涵", "宗翰", "欣妤", "建宏", "思瑜",
    "柏翰",
];

pub(super) const SHOPS: &[&str] = &[
    "小巷咖啡 台北永康店",
    "好日子選物 台中勤美店",
    "山海茶行 花蓮中山門市",
    "鮮果森林 高雄漢神巨蛋",
    "阿嬤的雜貨店",
    "樂活藥妝(新竹巨城)",
    "晨光書店・台南林百貨",
];

pub(super) const CAMPAIGNS: &[&str] =
    &["週年慶發票登錄送好禮", "夏日消暑滿額抽", "母親節「暖心」回饋", "雙11加倍送", "新會員首購禮🎁"];

pub(super) const ITEMS: &[(&str, f64)] = &[
    ("拿鐵咖啡(大)", 65.0),
    ("可頌", 45.5),
    ("高山烏龍茶 150g", 680.0),
    ("鳳梨酥禮盒", 420.0),
    ("珍珠奶茶 半糖/少冰", 60.0),
    ("面膜 5 入", 199.0),
    ("手工皂", 120.25),
];

pub(super) const PRIZES: &[&str] =
    &["週年慶加碼點數", "生日點數", "推薦好友獎勵", "發票登錄點數", "問卷回饋點數"];

pub(super) const CATEGORIES: &[&str] = &["活動", "生日", "會員日"];

/// A survey's `svid`, its name in MAAC and its title.
pub(super) const SURVEYS: &[(&str, &str, &str)] = &[
    ("x7QpL", "秋季新品試吃會", "秋季新品試吃會報名"),
    ("m2KdR", "會員滿意度調查", "2025 會員滿意度調查"),
    ("9vBzT", "新春茶禮預購", "新春茶禮預購單"),
];

/// An SMS+ template's id and name.
pub(super) const TEMPLATES: &[(u64, &str)] =
    &[(118, "出貨通知"), (121, "取貨提醒"), (134, "付款成功通知"), (207, "會員點數到期")];

/// A choice and its alias, empty where it has none.
pub(super) const GENDERS: &[(&str, &str)] = &[("女", "female"), ("男", "male"), ("不透露", "unknown")];

pub(super) const FLAVOURS: &[(&str, &str)] =
    &[("烏龍茶", "oolong"), ("桂花", ""), ("抹茶", "matcha"), ("芝麻", "")];

pub(super) const REMARKS: &[&str] =
    &["服務很親切，謝謝！", "希望有更多\"無糖\"的選擇", "第一次來\n會再回訪", "停車不太方便…", "👍"];
