use super::*;
use mgw_bundle::Digest;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

const NAME: &str = "api-usage-data.dat.1767003600123.zip";
const UNIQUE: &str = "api-usage-data.dat.1767003600123.0b8f2c4e-5a2d-4d5c-9a0e-3f1f6f0c7a11.zip";

/// A service that knows files by their names alone.
#[derive(Default)]
struct Service(RefCell<BTreeMap<String, &'static str>>);

impl Service {
    fn take(&self, name: &str, content: &'static str) -> Outcome {
        match self.0.borrow_mut().entry(name.to_owned()) {
            std::collections::btree_map::Entry::Occupied(_) => Outcome::Duplicate,
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(content);
                Outcome::Accepted
            }
        }
    }

    /// How often it has a content.
    fn count(&self, content: &str) -> usize {
        self.0.borrow().values().filter(|has| **has == content).count()
    }
}

fn entry(name: &str, tried: bool) -> Entry {
    Entry {
        name: name.to_owned(),
        size: 3,
        sha256: Digest::of(b"one"),
        tried,
    }
}

fn progress(place: &Path) -> Progress {
    let url = "https://one.example/".parse().expect("a URL");
    Progress::beside(&place.join("export"), &url, "ana").expect("a file")
}

/// Uploads the content `one`, which `service` gets.
async fn uploaded(service: &Service, place: &Path, entry: &Entry, same_name: Option<SameName>) -> Fate {
    let send = async |name: &str| service.take(name, "one");
    let fate = upload(entry, &mut progress(place), same_name, send).await;
    fate.expect("noted")
}

#[tokio::test]
async fn whose_file_it_is_is_never_guessed() {
    let (accepted, there) = (Fate::Answered(Outcome::Accepted), Fate::Answered(Outcome::Duplicate));
    for (what, name, tried, same_name, expected, times) in [
        ("never sent", NAME, false, None, Fate::Doubtful, 0),
        ("said to be there", NAME, false, Some(SameName::There), there, 0),
        ("said to be another", NAME, false, Some(SameName::Another), accepted, 1),
        ("tried by its gateway", NAME, true, None, there, 0),
        ("tried by its gateway", NAME, true, Some(SameName::Another), there, 0),
        ("a name that nobody else gives", UNIQUE, false, None, there, 0),
    ] {
        let place = tempfile::tempdir().expect("a folder");
        let service = Service::default();
        service.take(name, "another");
        let entry = entry(name, tried);
        assert_eq!(
            uploaded(&service, place.path(), &entry, same_name).await,
            expected,
            "{what}"
        );
        assert_eq!((service.count("one"), service.count("another")), (times, 1), "{what}");
        // Whatever became of it, the next run does not undo it.
        let again = match expected {
            Fate::Doubtful => Fate::Doubtful,
            _ => Fate::Known,
        };
        assert_eq!(uploaded(&service, place.path(), &entry, None).await, again, "{what}");
        assert_eq!(service.count("one"), times, "{what}");
    }
}

#[tokio::test]
async fn what_was_sent_and_not_noted_is_there() {
    let place = tempfile::tempdir().expect("a folder");
    let (service, entry) = (Service::default(), entry(NAME, false));
    // Nothing is noted after the answer: it never comes.
    let lost = async |name: &str| {
        service.take(name, "one");
        Outcome::Failed
    };
    let fate = upload(&entry, &mut progress(place.path()), None, lost).await;
    assert_eq!(fate.expect("noted"), Fate::Answered(Outcome::Failed));
    assert_eq!(
        uploaded(&service, place.path(), &entry, None).await,
        Fate::Answered(Outcome::Duplicate)
    );
    assert_eq!(service.count("one"), 1);
}

#[tokio::test]
async fn what_was_never_sent_or_not_taken_is_not_taken_for_sent() {
    let away = Outcome::Unreached {
        why: "away",
        may_be_there: false,
    };
    for outcome in [away, Outcome::Refused, Outcome::TooLarge] {
        let place = tempfile::tempdir().expect("a folder");
        let (service, entry) = (Service::default(), entry(NAME, false));
        let answer = async |_: &str| outcome;
        upload(&entry, &mut progress(place.path()), None, answer)
            .await
            .expect("noted");
        service.take(NAME, "another");
        let fate = uploaded(&service, place.path(), &entry, None).await;
        assert_eq!(fate, Fate::Doubtful, "{outcome:?}");
    }
}

#[tokio::test]
async fn another_name_is_kept_and_may_be_anothers_too() {
    let place = tempfile::tempdir().expect("a folder");
    let (service, entry) = (Service::default(), entry(NAME, false));
    service.take(NAME, "another");
    let second = Archive::another_name(NAME, seed(&entry, 0)).expect("a name");
    assert!(Archive::is_name(&second) && second.as_str() < NAME, "{second}");
    service.take(&second, "a third");
    assert_eq!(
        uploaded(&service, place.path(), &entry, Some(SameName::Another)).await,
        Fate::Answered(Outcome::Accepted)
    );
    assert_eq!((service.count("one"), service.0.borrow().len()), (1, 3));
    assert_eq!(uploaded(&service, place.path(), &entry, None).await, Fate::Known);
}
