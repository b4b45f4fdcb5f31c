//! Every flag that micro-gw's toolkit and launcher had, line by line: that it is understood, and as what.

use super::today;
use crate::cli::{Cli, Command};
use crate::commands::pull::PullOptions;
use clap::Parser;
use secrecy::ExposeSecret;
use std::ffi::OsString;
use std::path::Path;

fn parse(line: &str) -> Result<Cli, String> {
    let words = line.split(' ').map(OsString::from).collect();
    let words = today(words).map_err(|error| error.to_string())?;
    Cli::try_parse_from(words).map_err(|error| error.to_string())
}

fn parsed(line: &str) -> Cli {
    parse(line).unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// What a line says, as far as micro-gw had words for it.
fn meaning(line: &str) -> String {
    let cli = parsed(line);
    let mut said = match cli.command {
        Command::Init(args) => format!(
            "init {} apis={:?} headers={:?} values={:?} deployment={:?} force={} insecure={}",
            args.name,
            args.apis,
            args.headers.unwrap_or_default(),
            args.values
                .map(|values| values.expose_secret().to_owned())
                .unwrap_or_default(),
            args.deployment_config,
            args.force,
            args.insecure
        ),
        Command::Pull(args) => {
            let word = if args.adds { "import" } else { "pull" };
            format!("{word} {} {}", args.project.display(), options(&args.options))
        }
        Command::Build(args) => format!(
            "build {} deployment={:?} docker={} image={:?} base={:?} {}",
            args.project.display(),
            args.deployment.deployment_config,
            args.deployment.docker,
            args.deployment.docker_image,
            args.deployment.docker_base_image,
            options(&args.pull)
        ),
        Command::Logout(args) => format!("logout config={:?}", args.config),
        Command::Help(args) => format!("help {:?}", args.words),
        Command::Version(_) => "version".to_owned(),
        Command::Run(args) => {
            let config = args.config.map(|file| format!(" config={}", file.display()));
            let config = config.unwrap_or_default();
            format!("run {} sets={:?}{config}", args.source.display(), args.sets)
        }
        other => format!("{other:?}"),
    };
    if cli.global.verbose {
        said.push_str(" verbose");
    }
    if let Some(port) = cli.global.java_debug {
        said.push_str(&format!(" debug={port}"));
    }
    said
}

fn options(options: &PullOptions) -> String {
    let source = &options.source;
    let secret = |secret: &Option<secrecy::SecretString>| {
        let secret = secret.as_ref();
        secret
            .map(|secret| secret.expose_secret().to_owned())
            .unwrap_or_default()
    };
    format!(
        "labels={:?} apis={:?}{} user={} password={} url={} store={} store-password={} config={} insecure={}",
        options.selection.labels,
        options.selection.apis,
        options
            .selection
            .api_version
            .as_ref()
            .map(|version| format!("@{version}"))
            .unwrap_or_default(),
        source.credentials.username.as_deref().unwrap_or_default(),
        secret(&source.credentials.password),
        source.url.as_deref().unwrap_or_default(),
        source.truststore.as_deref().unwrap_or(Path::new("")).display(),
        secret(&source.truststore_password),
        source.config.as_deref().unwrap_or(Path::new("")).display(),
        source.insecure
    )
}

#[test]
fn every_old_line_means_what_it_meant() {
    const NOTHING: &str = "labels=[] apis=[] user= password= url= store= store-password= config= insecure=false";
    let nothing = |head: &str| format!("{head} {NOTHING}");
    let table = [
        // init
        (
            "micro-gw init shop",
            "init shop apis=[] headers=\"\" values=\"\" deployment=None force=false insecure=false".to_owned(),
        ),
        (
            "micro-gw init shop -a shop.yaml -d d.toml -f -k",
            "init shop apis=[\"shop.yaml\"] headers=\"\" values=\"\" deployment=Some(\"d.toml\") force=true insecure=true".to_owned(),
        ),
        (
            "micro-gw init shop --api-definition https://a/b.json --headers a,b --values 1,2 --insecure --deployment-config d.toml --force",
            "init shop apis=[\"https://a/b.json\"] headers=\"a,b\" values=\"1,2\" deployment=Some(\"d.toml\") force=true insecure=true".to_owned(),
        ),
        // import
        (
            "micro-gw import shop -l dev",
            "import shop labels=[\"dev\"] apis=[] user= password= url= store= store-password= config= insecure=false".to_owned(),
        ),
        (
            "micro-gw import shop --label dev -u admin -p pass -s https://a:9443 -t a.p12 -w store -c toolkit.toml -k",
            "import shop labels=[\"dev\"] apis=[] user=admin password=pass url=https://a:9443 store=a.p12 store-password=store config=toolkit.toml insecure=true".to_owned(),
        ),
        (
            "micro-gw import shop -a Orders -v 1.0.0 --username admin --password pass --server-url https://a:9443 --truststore a.p12 --truststore-pass store --config toolkit.toml --insecure",
            "import shop labels=[] apis=[\"Orders\"]@1.0.0 user=admin password=pass url=https://a:9443 store=a.p12 store-password=store config=toolkit.toml insecure=true".to_owned(),
        ),
        (
            "micro-gw import shop --api-name Orders --version 1.0.0 --verbose",
            "import shop labels=[] apis=[\"Orders\"]@1.0.0 user= password= url= store= store-password= config= insecure=false verbose".to_owned(),
        ),
        (
            "micro-gw import -v v1 -a Orders shop",
            "import shop labels=[] apis=[\"Orders\"]@v1 user= password= url= store= store-password= config= insecure=false".to_owned(),
        ),
        (
            "micro-gw import shop --api-name=Orders --version=1.0.0",
            "import shop labels=[] apis=[\"Orders\"]@1.0.0 user= password= url= store= store-password= config= insecure=false".to_owned(),
        ),
        // What `-v` means today stays: with a version of its own the name needs none.
        (
            "mgw pull -v shop -a Orders:1.0.0",
            "pull shop labels=[] apis=[\"Orders:1.0.0\"] user= password= url= store= store-password= config= insecure=false verbose".to_owned(),
        ),
        ("mgw pull -v shop", format!("pull shop {NOTHING} verbose")),
        // build
        (
            "micro-gw build shop",
            nothing("build shop deployment=None docker=false image=None base=None"),
        ),
        (
            "micro-gw build shop -d d.toml --docker --docker-image shop:v2 --docker-base-image debian:13",
            nothing("build shop deployment=Some(\"d.toml\") docker=true image=Some(\"shop:v2\") base=Some(\"debian:13\")"),
        ),
        (
            "micro-gw build shop --deployment-config d.toml",
            nothing("build shop deployment=Some(\"d.toml\") docker=false image=None base=None"),
        ),
        (
            "micro-gw build shop -a Orders -v 1.0.0",
            nothing("build shop deployment=None docker=false image=None base=None").replace("apis=[]", "apis=[\"Orders\"]@1.0.0"),
        ),
        // The rest
        ("micro-gw reset", "logout config=None".to_owned()),
        ("micro-gw reset -c t.toml", "logout config=Some(\"t.toml\")".to_owned()),
        ("micro-gw reset --config t.toml", "logout config=Some(\"t.toml\")".to_owned()),
        ("micro-gw help build", "help [\"build\"]".to_owned()),
        ("micro-gw version", "version".to_owned()),
        ("micro-gw --verbose version", "version verbose".to_owned()),
        ("micro-gw version --verbose", "version verbose".to_owned()),
        ("micro-gw --java.debug 5005 version", "version debug=5005".to_owned()),
        ("micro-gw version --java.debug=5005", "version debug=5005".to_owned()),
        // The launcher
        (
            "gateway target/shop.jar",
            "run target/shop.jar sets=[]".to_owned(),
        ),
        (
            "gateway target/shop.zip --listenerConfig.httpPort=9190 --b7a.log.level=DEBUG",
            "run target/shop.zip sets=[(\"listenerConfig.httpPort\", \"9190\"), (\"b7a.log.level\", \"DEBUG\")]".to_owned(),
        ),
        (
            "/opt/gateway --listenerConfig.httpPort=9190 target/shop.zip",
            "run target/shop.zip sets=[(\"listenerConfig.httpPort\", \"9190\")]".to_owned(),
        ),
        (
            "gateway target/shop.jar --b7a.config.file=old.conf --b7a.log.level=DEBUG",
            "run target/shop.jar sets=[(\"b7a.log.level\", \"DEBUG\")] config=old.conf".to_owned(),
        ),
        (
            "gateway target/shop.jar --etcdurl=http://127.0.0.1:2379 --shop_prod_endpoint_0=http://a",
            "run target/shop.jar sets=[(\"etcdurl\", \"http://127.0.0.1:2379\"), (\"shop_prod_endpoint_0\", \"http://a\")]"
                .to_owned(),
        ),
        (
            "gateway --debug 5005 target/shop.jar",
            "run target/shop.jar sets=[] debug=5005".to_owned(),
        ),
        (
            "gateway target/shop.jar --debug=5005",
            "run target/shop.jar sets=[] debug=5005".to_owned(),
        ),
        ("gateway version", "version".to_owned()),
        ("gateway -version", "version".to_owned()),
        ("gateway --version", "version".to_owned()),
        (
            "mgw run shop --set a.b=c --listenerConfig.httpPort=1",
            "run shop sets=[(\"a.b\", \"c\"), (\"listenerConfig.httpPort\", \"1\")]".to_owned(),
        ),
    ];
    for (line, expected) in table {
        assert_eq!(meaning(line), expected, "{line}");
    }
}

#[test]
fn what_is_gone_is_refused_with_what_is_done_instead() {
    for (line, instead) in [
        ("gateway start target/shop.jar", "mgw run"),
        ("gateway target/shop.jar start", "mgw run"),
        ("gateway target/shop.jar --a.b=c restart", "SIGHUP"),
        ("gateway -stop", "SIGTERM"),
        ("gateway --restart", "SIGHUP"),
        ("mgw start", "foreground"),
        ("micro-gw --verbose setup shop", "mgw import"),
        // What `-v` means today, where nothing names an API.
        ("mgw import shop -v 1.0.0", "unexpected argument"),
        // `--headers` counts with `--values` alone.
        ("mgw init shop -a https://a/b --headers a", "--values"),
        ("mgw build shop --docker-imag x", "--docker-image"),
        ("mgw pull shop --api-version 1.0.0", "--api"),
    ] {
        let error = parse(line).unwrap_err();
        assert!(error.contains(instead), "{line}: {error}");
    }
}

#[test]
fn words_that_are_no_text_pass() {
    use std::os::unix::ffi::OsStringExt;
    let odd = OsString::from_vec(vec![b'a', 0xff]);
    let words: Vec<OsString> = vec!["mgw".into(), odd.clone(), "run".into()];
    assert_eq!(today(words.clone()).unwrap(), words);
    let words: Vec<OsString> = vec!["mgw".into(), "run".into(), odd];
    assert_eq!(today(words.clone()).unwrap(), words);
    assert_eq!(today(Vec::new()).unwrap(), Vec::<OsString>::new());
}
