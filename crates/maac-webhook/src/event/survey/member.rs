use jiff::civil;

use super::AliasMap;
use crate::event::{CustomerId, LineUid};

/// What the aliases that MAAC itself knows say of the member who answered.
///
/// A field is `None` where its alias is missing, unanswered or answered with the empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MaacMember {
    /// `maac_member_line_uid`
    pub line_uid: Option<LineUid>,
    /// `maac_member_name`
    pub name: Option<String>,
    /// `maac_member_mobile`
    pub mobile: Option<String>,
    /// `maac_member_country_mobile`: with the country code.
    pub country_mobile: Option<String>,
    /// `maac_member_birthday`, as it was written.
    pub birthday: Option<String>,
    /// `maac_member_gender`
    pub gender: Option<Gender>,
    /// `maac_member_email`, or `maac_member_line_email` as another document calls it.
    pub email: Option<String>,
    /// `maac_member_customer_id`, or `maac_member_line_customer_id` as another document calls it.
    pub customer_id: Option<CustomerId>,
}

text_enum! {
    /// A member's gender.
    pub enum Gender {
        /// Male.
        Male = "male",
        /// Female.
        Female = "female",
        /// Not told.
        Unknown = "unknown",
    }
}

impl MaacMember {
    pub(super) fn from_aliases(aliases: &AliasMap) -> Self {
        // The first alias that was answered: two documents write two of the names differently.
        let answered = |names: &[&str]| {
            let mut answers = names.iter().filter_map(|name| aliases.get(name)?.first());
            answers.find(|answer| !answer.is_empty()).cloned()
        };
        Self {
            line_uid: answered(&["maac_member_line_uid"]).map(LineUid::from),
            name: answered(&["maac_member_name"]),
            mobile: answered(&["maac_member_mobile"]),
            country_mobile: answered(&["maac_member_country_mobile"]),
            birthday: answered(&["maac_member_birthday"]),
            gender: answered(&["maac_member_gender"]).map(Gender::from),
            email: answered(&["maac_member_email", "maac_member_line_email"]),
            customer_id: answered(&["maac_member_customer_id", "maac_member_line_customer_id"])
                .map(CustomerId::from),
        }
    }

    /// The birthday as a date, where it is written `YYYY-MM-DD` or `YYYY/MM/DD`.
    #[must_use]
    pub fn birthday_date(&self) -> Option<civil::Date> {
        self.birthday.as_deref()?.replace('/', "-").parse().ok()
    }
}
