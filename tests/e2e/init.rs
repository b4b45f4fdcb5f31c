//! `mgw init` through the binary.

use crate::support::Place;

#[test]
fn an_existing_folder_is_left_as_it_was() {
    let place = Place::new();
    place.write("shop/notes.txt", "mine");
    let before = place.files();
    let outcome = place.mgw(&["init", "shop"]);
    assert_ne!(outcome.code, 0);
    assert!(outcome.stderr.contains("shop"), "{}", outcome.stderr);
    assert_eq!(place.files(), before);
}
