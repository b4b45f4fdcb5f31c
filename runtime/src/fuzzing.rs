//! The private parsers of bytes from outside, for the fuzz targets in `fuzz/`. Not part of the interface.

pub use crate::auth::fuzzing::{key_set, key_validation, revocation_list, token};
pub use crate::discovery::fuzzing::discovery_answer;
pub use crate::event_hub::amqp::fuzzing::broker_frames;
pub use crate::event_hub::fuzzing::event_hub_message;
pub use crate::proxy::websocket::fuzzing::web_socket_frames;
pub use crate::route::fuzzing::{request_path, templates};
pub use crate::throttle::global::fuzzing::limits;
pub use crate::traffic_manager::binary::fuzzing::receiver_answers;
pub use crate::upstream::credentials::fuzzing::credentials_answer;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in any::<Vec<u8>>(), text in "[/.%;a-f0-9{}\":,eyJ\\[\\]]{0,60}") {
            for bytes in [bytes.as_slice(), text.as_bytes()] {
                super::token(bytes);
                super::key_set(bytes);
                super::key_validation(bytes);
                super::revocation_list(bytes);
                super::request_path(bytes);
                super::templates(bytes);
                super::event_hub_message(bytes);
                super::broker_frames(bytes);
                super::receiver_answers(bytes);
                super::limits(bytes);
                super::discovery_answer(bytes);
                super::credentials_answer(bytes);
                super::web_socket_frames(bytes);
            }
        }

        #[test]
        fn templates_are_looked_up_as_they_say(text in "(/[ab{}*.-]{0,5}){1,3}\n(/[ab{}*.-]{0,5}){1,3}\n(/[ab.-]{0,4}){0,3}") {
            super::templates(text.as_bytes());
        }
    }
}
