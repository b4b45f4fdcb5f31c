//! How the event hub names applications, APIs and subscriptions.

use super::DecodeError;
use super::fields::Fields;

/// Longest UUID, with room for what other control planes take as one.
const MAX_UUID: usize = 128;

/// The id of an object in the control plane: generation 3 has numbers, generation 4 UUIDs and mostly both. At least one is
/// there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectId {
    number: Option<u64>,
    uuid: Option<String>,
}

impl ObjectId {
    /// Returns the number, at least 1.
    pub fn number(&self) -> Option<u64> {
        self.number
    }

    /// Returns the UUID.
    pub fn uuid(&self) -> Option<&str> {
        self.uuid.as_deref()
    }

    /// Reads an id from a field that may hold a number, a number as text, or a UUID, and a field for the UUID. The numbers
    /// 0 and below stand for none.
    pub(super) fn read(fields: &Fields, id: &'static str, uuid: &'static str) -> Result<Self, DecodeError> {
        let mut uuid = fields.text(uuid, MAX_UUID)?.map(str::to_owned);
        let number = match fields.integer(id) {
            Ok(number) => number
                .and_then(|number| u64::try_from(number).ok())
                .filter(|number| *number > 0),
            Err(_) => {
                let text = fields.required(id, MAX_UUID)?;
                uuid.get_or_insert_with(|| text.to_owned());
                None
            }
        };
        if number.is_none() && uuid.is_none() {
            return Err(DecodeError::Field(id));
        }
        Ok(Self { number, uuid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_and_uuids_are_told_apart() {
        for (object, number, uuid) in [
            (json!({"id": 12}), Some(12), None),
            (json!({"id": "12"}), Some(12), None),
            (json!({"id": 12, "uuid": "b1f4"}), Some(12), Some("b1f4")),
            (json!({"id": 0, "uuid": "b1f4"}), None, Some("b1f4")),
            (json!({"id": -1, "uuid": "b1f4"}), None, Some("b1f4")),
            (json!({"id": "-1", "uuid": "b1f4"}), None, Some("b1f4")),
            (json!({"id": null, "uuid": "b1f4"}), None, Some("b1f4")),
            (json!({"uuid": "b1f4"}), None, Some("b1f4")),
            (json!({"id": "b1f4"}), None, Some("b1f4")),
            (json!({"id": "other", "uuid": "b1f4"}), None, Some("b1f4")),
        ] {
            let fields = Fields::of_object(object.to_string().as_bytes()).expect("an object");
            let read = ObjectId::read(&fields, "id", "uuid").expect("an id");
            assert_eq!((read.number(), read.uuid()), (number, uuid), "{object}");
        }
    }

    #[test]
    fn an_id_is_one_or_the_other() {
        for object in [
            json!({}),
            json!({"id": 0}),
            json!({"id": -1, "uuid": ""}),
            json!({"id": 1.5}),
            json!({"id": {}}),
            json!({"id": 1, "uuid": 7}),
            json!({"id": "x".repeat(129)}),
        ] {
            let fields = Fields::of_object(object.to_string().as_bytes()).expect("an object");
            assert!(ObjectId::read(&fields, "id", "uuid").is_err(), "{object}");
        }
    }
}
