use super::*;
use crate::reader::tests::write;

fn key() -> SigningKey {
    SigningKey::generate().expect("a key")
}

fn limits() -> Limits {
    Limits::default()
}

fn signed(bundle: &[u8], keys: &[&SigningKey]) -> Vec<u8> {
    keys.iter().fold(bundle.to_vec(), |bundle, key| {
        sign_bundle(&bundle, key, &limits()).expect("signed")
    })
}

/// The bundle with other signatures.
fn with_signatures(bundle: &[u8], change: impl FnOnce(&mut Signatures)) -> Vec<u8> {
    let mut files = unpack(bundle, &limits()).expect("intact");
    let manifest = files.remove(names::MANIFEST).expect("there");
    let mut signatures = parse(&files.remove(names::SIGNATURE).expect("there")).expect("well formed");
    change(&mut signatures);
    let signatures = json(names::SIGNATURE, &signatures).expect("JSON");
    archive(&manifest, Some(&signatures), &files).expect("written")
}

#[test]
fn a_signature_leaves_the_bundle_what_it_is() {
    let (plain, digest) = write(&[("definitions/a.json", b"{}")]);
    let key = key();
    let bundle = Bundle::read(&signed(&plain, &[&key]), &limits()).expect("intact");
    let before = Bundle::read(&plain, &limits()).expect("intact");
    assert_eq!((bundle.digest, &bundle.entries), (digest, &before.entries));
    assert_eq!((bundle.signers, before.signers), (vec![key.public()], vec![]));
}

#[test]
fn several_keys_sign_in_any_order_and_each_counts_once() {
    let (plain, _) = write(&[]);
    let (first, second) = (key(), key());
    let both = signed(&plain, &[&first, &second]);
    assert_eq!(signed(&plain, &[&second, &first]), both);
    assert_eq!(signed(&both, &[&first]), both);
    let signers = Bundle::read(&both, &limits()).expect("intact").signers;
    assert!(signers.len() == 2 && signers.contains(&first.public()) && signers.contains(&second.public()));
}

#[test]
fn any_flipped_bit_of_a_signed_bundle_is_noticed() {
    let bundle = signed(&write(&[]).0, &[&key()]);
    for bit in 0..bundle.len() * 8 {
        let mut damaged = bundle.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(Bundle::read(&damaged, &limits()).is_err(), "bit {bit}");
    }
}

#[test]
fn a_signature_of_another_bundle_is_refused() {
    let key = key();
    let one = signed(&write(&[("a", b"1")]).0, &[&key]);
    let other = signed(&write(&[("a", b"2")]).0, &[&key]);
    let mut stolen = Vec::new();
    with_signatures(&other, |signatures| stolen.append(&mut signatures.signatures));
    let forged = with_signatures(&one, |signatures| signatures.signatures = stolen);
    assert!(matches!(
        Bundle::read(&forged, &limits()),
        Err(ReadError::Signature { key: named }) if named == key.public().id()
    ));
}

#[test]
fn another_key_under_a_trusted_name_is_refused() {
    let (trusted, own) = (key(), key());
    let bundle = signed(&write(&[]).0, &[&own]);
    let forged = with_signatures(&bundle, |signatures| {
        for signature in &mut signatures.signatures {
            signature.key_id = trusted.public().id();
        }
    });
    assert!(matches!(
        Bundle::read(&forged, &limits()),
        Err(ReadError::Signature { key }) if key == trusted.public().id()
    ));
}

#[test]
fn the_number_of_signatures_is_bounded() {
    let keys: Vec<SigningKey> = std::iter::repeat_with(key).take(MOST_SIGNATURES).collect();
    let full = signed(&write(&[]).0, &keys.iter().collect::<Vec<_>>());
    assert!(matches!(sign_bundle(&full, &key(), &limits()), Err(SignError::TooMany)));
    // One that is there already is no further one.
    assert_eq!(sign_bundle(&full, &keys[3], &limits()).expect("signed"), full);
    let beyond = with_signatures(&full, |signatures| {
        let manifest = b"another";
        signatures.add(&key(), manifest);
    });
    assert!(matches!(
        Bundle::read(&beyond, &limits()),
        Err(ReadError::TooLarge { .. })
    ));
}

#[test]
fn a_newer_format_is_named_as_such() {
    let bundle = signed(&write(&[]).0, &[&key()]);
    let newer = with_signatures(&bundle, |signatures| signatures.format = FORMAT + 1);
    assert!(matches!(
        Bundle::read(&newer, &limits()),
        Err(ReadError::Format { name, .. }) if name == names::SIGNATURE
    ));
}
