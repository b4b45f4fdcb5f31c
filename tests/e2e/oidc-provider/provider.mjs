// An identity provider on a loopback port of its own, with the paths of a key manager.
//
// Prints {"url": …} on standard output once it serves, and ends when its standard input closes. Beside what the provider
// answers itself, there are GET /control/counts (how often a path was asked for) and POST /control/rotate (new signing
// keys; ?keep=old leaves the former ones in the key set).
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const RESOURCES = {
  'urn:shop:signed': { accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } },
  'urn:shop:elliptic': { accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } },
  'urn:other': { accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } },
  'urn:shop:opaque': { accessTokenFormat: 'opaque' },
};

function signingKeys() {
  const made = [
    ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ];
  return made.map(([alg, pair]) => ({ ...pair.privateKey.export({ format: 'jwk' }), alg, use: 'sig' }));
}

// Its secret is the name with `-secret`.
function client(id, scope) {
  return {
    client_id: id,
    client_secret: `${id}-secret`,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    token_endpoint_auth_method: 'client_secret_basic',
    scope,
  };
}

function provider(url, keys) {
  const made = new Provider(url, {
    jwks: { keys },
    clients: [client('till', 'items_read items_write'), client('gateway', 'items_read')],
    scopes: ['items_read', 'items_write'],
    clientAuthMethods: ['client_secret_basic'],
    ttl: { ClientCredentials: 600 },
    cookies: { keys: [randomUUID()] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: (_, asking) => asking.clientId === 'gateway' },
      revocation: { enabled: true, allowedPolicy: (_, asking, token) => asking.clientId === token.clientId },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'urn:shop:signed',
        getResourceServerInfo: (_, resource) => ({
          scope: 'items_read items_write',
          audience: resource,
          ...RESOURCES[resource],
        }),
      },
    },
    routes: {
      token: '/oauth2/token',
      introspection: '/oauth2/introspect',
      revocation: '/oauth2/revoke',
      jwks: '/oauth2/jwks',
    },
  });
  return made.callback();
}

let keys = signingKeys();
let serve;
const counts = {};

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const json = (value) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(value));
  };
  if (pathname === '/control/counts') {
    json(counts);
  } else if (pathname === '/control/rotate') {
    const fresh = signingKeys();
    keys = searchParams.get('keep') === 'old' ? [...fresh, ...keys] : fresh;
    serve = provider(url(), keys);
    json({});
  } else {
    counts[pathname] = (counts[pathname] ?? 0) + 1;
    serve(request, response);
  }
});

function url() {
  return `http://127.0.0.1:${server.address().port}`;
}

server.listen(0, '127.0.0.1', () => {
  serve = provider(url(), keys);
  process.stdout.write(`${JSON.stringify({ url: url() })}\n`);
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
