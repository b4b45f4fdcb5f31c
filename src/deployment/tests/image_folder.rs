//! The folder of the image.

use super::*;
use crate::deployment::decide::BASE_IMAGE;
use crate::deployment::image;
use crate::deployment::program::Program;
use crate::deployment::write::{Access, replace, replace_file};

#[test]
fn the_image_is_built_from_what_is_in_its_folder() {
    let folder = folder();
    let (deployment, _) = decided(EVERYTHING, &Wanted::default(), folder.path());
    let built = deployment.image.clone().unwrap();
    let program = Program {
        path: folder.path().join("binary.bin"),
        platform: "linux/arm64",
    };
    let files = image::files(&deployment, &built, b"bundle".to_vec(), &program).unwrap();
    let OutputFile::Bytes(dockerfile) = &files["Dockerfile"] else {
        panic!("no Dockerfile")
    };
    let text = String::from_utf8(dockerfile.clone()).unwrap();
    insta::assert_snapshot!(text, @r#"
    # Written by mgw: the next build writes it anew.
    FROM debian:13
    WORKDIR /home/ballerina
    COPY ["mgw","/usr/local/bin/mgw"]
    COPY ["pizza-shack.zip","/home/ballerina/pizza-shack.zip"]
    COPY ["files/1-extra.txt","/home/ballerina/extra/extra.txt"]
    COPY ["files/2-micro-gw.conf","/home/ballerina/conf/micro-gw.conf"]
    # What the gateway makes itself, and what it was told by whoever starts it.
    ENV MGW_CONFIG_DIR=/tmp/mgw MGW_DATA_DIR=/tmp/mgw MGW_CONF_DIR=/home/ballerina/conf
    EXPOSE 9090
    EXPOSE 9095
    USER 10001:10001
    HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["mgw","status","--ready"]
    CMD ["mgw","run","/home/ballerina/pizza-shack.zip","--set","b7a.log.level=DEBUG"]
    "#);
    // Everything that is copied is there.
    for line in text.lines().filter(|line| line.starts_with("COPY ")) {
        let pair: Vec<String> = serde_json::from_str(line.strip_prefix("COPY ").unwrap()).unwrap();
        assert!(files.contains_key(&pair[0]), "{line}");
    }
    assert_eq!(
        image::build_command(&built, "a b/docker", &program),
        "docker build --platform linux/arm64 -t registry.example:5000/shop:v2 'a b/docker'"
    );
    // Flags go before the file.
    let wanted = Wanted {
        image: true,
        name: Some("mine:v1".to_owned()),
        ..Wanted::default()
    };
    let (deployment, _) = decided("", &wanted, folder.path());
    let built = deployment.image.unwrap();
    assert_eq!(
        (built.names, built.base.as_str()),
        (vec!["mine:v1".to_owned()], BASE_IMAGE)
    );
}

#[test]
fn folders_are_replaced_whole() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let place = folder.path().join("out/docker/shop");
    let program = OutputFile::Program(folder.path().join("binary.bin"));
    let one = BTreeMap::from([
        ("a/b".to_owned(), OutputFile::Bytes(b"one".to_vec())),
        ("mgw".to_owned(), program),
    ]);
    replace(&place, &one, Access::Owner).unwrap();
    let mode = |name: &str| place.join(name).metadata().unwrap().permissions().mode() & 0o777;
    // Those who run the image read what is in it, nobody else looks into the folder.
    assert_eq!((mode("a/b"), mode("mgw"), mode("")), (0o644, 0o755, 0o700));
    let two = BTreeMap::from([("c".to_owned(), OutputFile::Private(b"two".to_vec()))]);
    replace(&place, &two, Access::All).unwrap();
    assert_eq!((mode("c"), mode("") & 0o700), (0o600, 0o700));
    let names: Vec<_> = std::fs::read_dir(&place)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["c"]);
    // What cannot be written leaves all as it was, and nothing beside it.
    let broken = BTreeMap::from([("mgw".to_owned(), OutputFile::Program(folder.path().join("nowhere")))]);
    assert!(replace(&place, &broken, Access::All).is_err());
    assert!(replace_file(&place.join("c"), &broken["mgw"]).is_err());
    assert_eq!(std::fs::read(place.join("c")).unwrap(), b"two");
    replace_file(&place.join("d"), &two["c"]).unwrap();
    assert_eq!((mode("c"), mode("d")), (0o600, 0o600));
    assert_eq!(std::fs::read_dir(place.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn the_admin_listener_is_asked_where_the_settings_put_it() {
    let folder = folder();
    let text = "[kubernetes.kubernetesDeployment]\nenable = true\n[kubernetes.kubernetesDeployment.readinessProbe]\nenable = true\n";
    let asked = |admin: Option<u16>| {
        let ports = Ports { admin, ..PORTS };
        let (deployment, diagnostics) = decided_with(text, &Wanted::default(), folder.path(), ports, &[]);
        let built = deployment.image.clone().unwrap();
        let program = Program {
            path: folder.path().join("binary.bin"),
            platform: "linux/arm64",
        };
        let files = image::files(&deployment, &built, Vec::new(), &program).unwrap();
        let OutputFile::Bytes(dockerfile) = &files["Dockerfile"] else {
            panic!("no Dockerfile")
        };
        let check = String::from_utf8_lossy(dockerfile)
            .lines()
            .find_map(|line| Some(line.split_once("start-period=5s CMD ")?.1.to_owned()));
        (check, diagnostics)
    };
    let (check, _) = asked(Some(9900));
    assert_eq!(
        check.as_deref(),
        Some(r#"["mgw","status","--ready","--gateway","http://localhost:9900"]"#)
    );
    let (check, diagnostics) = asked(None);
    assert_eq!(check, None);
    assert!(told(&diagnostics)[0].starts_with("d.toml:4:10: error: readiness is asked at the admin listener"));
}
