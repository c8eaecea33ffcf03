/// An opaque error of one kind, whose text is the kind's.
macro_rules! error_of_kind {
    ($(#[$doc:meta])* $error:ident, $kind:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $error {
            kind: $kind,
        }

        impl $error {
            /// What is refused, with what a text in another language needs to say so.
            #[must_use]
            pub fn kind(&self) -> &$kind {
                &self.kind
            }
        }

        impl From<$kind> for $error {
            fn from(kind: $kind) -> Self {
                Self { kind }
            }
        }

        impl std::fmt::Display for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.kind.fmt(f)
            }
        }

        impl std::error::Error for $error {}
    };
}
