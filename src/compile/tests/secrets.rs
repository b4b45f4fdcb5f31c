//! Secrets of definitions are not in what is built.

use super::*;

#[test]
fn secrets_of_a_definition_are_not_in_what_is_built() {
    let (compiled, problems) = compile_definition(
        "openapi: 3.0.0
info: {title: Shop, version: 1.0.0}
x-wso2-basePath: /shop
x-wso2-endpoints:
  - one: {urls: ['https://a'], securityConfig: {type: basic, username: ana, password: canary}}
  - two: {urls: ['https://b'], securityConfig: {type: oauth2, tokenUrl: 'https://c', clientId: id, grantType: client_credentials, clientSecret: canary}}
x-wso2-production-endpoints: {urls: ['https://d'], securityConfig: {type: apikey, in: header, name: X-Key, value: canary}}
x-wso2-sandbox-endpoints: '#/x-wso2-endpoints/one'
paths: {/a: {get: {x-wso2-production-endpoints: '#/x-wso2-endpoints/two'}}}
",
    );
    let ignored = |problem: &&String| problem.contains("is ignored; it does not belong into a file");
    assert_eq!(problems.iter().filter(ignored).count(), 3, "{problems:?}");
    let definition = String::from_utf8_lossy(&compiled.entries["definitions/Shop_1.0.0.json"]);
    assert!(
        definition.contains("securityConfig") && definition.contains("ana"),
        "{definition}"
    );
    for (name, bytes) in &compiled.entries {
        assert!(!String::from_utf8_lossy(bytes).contains("canary"), "{name}");
    }
}

#[test]
fn a_secret_in_whatever_can_hold_one_is_not_in_what_is_built() {
    let (compiled, problems) = compile_definition(
        "openapi: 3.0.0
info: {title: Shop, version: 1.0.0, contact: {url: 'https://u:canary@a'}, license: {name: a, url: 'https://u:canary@a'}}
externalDocs: {url: 'https://u:canary@a'}
servers: [{url: 'http://u:canary@x/y'}, {url: 'http://x/y?q=canary'}, {url: 'http://{u}@x', variables: {u: {default: canary}}}]
x-wso2-basePath: /shop
x-kept: &kept {type: basic, username: ana, password: canary}
x-wso2-endpoints:
  - unused: {urls: ['https://u:canary@a', 'etcd(a, http://u:canary@a)', 'https://a?sig=canary', 'file(/a, https://a/?q=canary)'], password: canary, securityConfig: {type: basic, passwrd: canary, username: {a: canary}, tokenUrl: 'http://h/t?client_secret=canary'}}
x-wso2-production-endpoints: {urls: ['https://d'], securityConfig: *kept}
paths:
  /a:
    servers: [{url: 'http://u:canary@x/y?q=canary'}]
    get: {servers: [{url: 'http://u:canary@x/z#canary'}], x-wso2-production-endpoints: {urls: ['https://e']}}
components:
  securitySchemes:
    o: {type: oauth2, flows: {clientCredentials: {tokenUrl: 'http://u:canary@h/t', refreshUrl: 'http://h/t?token=canary', scopes: {}}}}
    d: {type: openIdConnect, openIdConnectUrl: 'http://u:canary@h'}
",
    );
    assert!(
        compiled.entries.contains_key("definitions/Shop_1.0.0.json"),
        "{problems:?}"
    );
    for (name, bytes) in &compiled.entries {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains("canary"), "{name}: {text}");
    }
    let told = |problem: &&String| problem.contains("is left out of what is built");
    assert!(problems.iter().filter(told).count() >= 12, "{problems:?}");
    assert!(!format!("{problems:?}").contains("canary"), "{problems:?}");
}

#[test]
fn what_only_looks_like_a_secret_stays() {
    let (compiled, problems) = compile_definition(
        "openapi: 3.0.0
info: {title: Shop, version: 1.0.0}
x-wso2-basePath: /shop
x-wso2-production-endpoints: {urls: ['https://d']}
paths: {/a: {get: {}}}
components:
  schemas:
    Shop:
      properties:
        securityConfig: {type: object, description: kept-here, nullable: true}
        home: {type: string, description: kept-here, nullable: true}
      example: {servers: [{url: 'https://h/x?page=kept-2'}]}
",
    );
    assert_eq!(problems, Vec::<String>::new());
    let definition = String::from_utf8_lossy(&compiled.entries["definitions/Shop_1.0.0.json"]);
    assert_eq!(definition.matches("kept-here").count(), 2, "{definition}");
    assert_eq!(definition.matches("\"nullable\"").count(), 2, "{definition}");
    assert!(definition.contains("?page=kept-2"), "{definition}");
}
