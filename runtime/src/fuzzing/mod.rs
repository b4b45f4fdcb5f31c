//! The private parsers of bytes from outside, for the fuzz targets in `fuzz/`. Not part of the interface.

mod operator_texts;

pub use crate::auth::fuzzing::{credentials, key_manager_answer, key_set, key_validation, revocation_list, token};
pub use crate::discovery::fuzzing::discovery_answer;
pub use crate::event_hub::amqp::fuzzing::broker_frames;
pub use crate::event_hub::fuzzing::event_hub_message;
pub use crate::operator_blocks::fuzzing::operator_blocks;
pub use crate::proxy::websocket::fuzzing::web_socket_frames;
pub use crate::route::fuzzing::{request_path, templates};
pub use crate::subscription_data::fuzzing::subscription_data;
pub use crate::throttle::global::fuzzing::limits;
pub use crate::traffic_manager::binary::fuzzing::receiver_answers;
pub use crate::upstream::credentials::fuzzing::credentials_answer;
pub use operator_texts::operator_texts;

/// Takes an input.
pub type Reader = fn(&[u8]);

/// The readers by the names of their fuzz targets.
pub const READERS: [(&str, Reader); 18] = [
    ("broker_frames", broker_frames),
    ("credentials", credentials),
    ("credentials_answer", credentials_answer),
    ("discovery_answer", discovery_answer),
    ("event_hub_message", event_hub_message),
    ("key_manager_answer", key_manager_answer),
    ("key_set", key_set),
    ("key_validation", key_validation),
    ("limits", limits),
    ("operator_blocks", operator_blocks),
    ("operator_texts", operator_texts),
    ("receiver_answers", receiver_answers),
    ("request_path", request_path),
    ("revocation_list", revocation_list),
    ("subscription_data", subscription_data),
    ("templates", templates),
    ("token", token),
    ("web_socket_frames", web_socket_frames),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in any::<Vec<u8>>(), text in "[/.%;a-f0-9{}\":,eyJ\\[\\]]{0,60}") {
            for bytes in [bytes.as_slice(), text.as_bytes()] {
                super::READERS.iter().for_each(|(_, read)| read(bytes));
            }
        }

        #[test]
        fn templates_are_looked_up_as_they_say(text in "(/[ab{}*.-]{0,5}){1,3}\n(/[ab{}*.-]{0,5}){1,3}\n(/[ab.-]{0,4}){0,3}") {
            super::templates(text.as_bytes());
        }
    }

    #[test]
    fn every_input_is_taken() {
        for (target, read) in super::READERS {
            let folder = format!("{}/../fuzz/inputs/{target}", env!("CARGO_MANIFEST_DIR"));
            let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
            let mut inputs = 0;
            for entry in entries {
                let path = entry.expect("the folder can be read").path();
                read(&std::fs::read(path).expect("the file can be read"));
                inputs += 1;
            }
            assert!(inputs > 0, "{folder} is empty");
        }
    }
}
