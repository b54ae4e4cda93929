package registry

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sluice/connect/config"
	"sluice/login"
	"sluice/tlsconfig"
)

// The places where credentials may stand.
const (
	fromURL         = "URL"
	fromUserInfo    = "USER_INFO"
	fromSASL        = "SASL_INHERIT"
	staticToken     = "STATIC_TOKEN"
	oauthBearer     = "OAUTHBEARER"
	saslOAuthBearer = "SASL_OAUTHBEARER_INHERIT" //nolint:gosec // The name of a place.

	basicSourceKey  = "basic.auth.credentials.source"
	bearerSourceKey = "bearer.auth.credentials.source" //nolint:gosec // The name of a key.
	jaasKey         = "sasl.jaas.config"
	issuerKey       = "bearer.auth.issuer.endpoint.url"
	tokenURLKey     = "sasl.oauthbearer.token.endpoint.url" //nolint:gosec // As above.
)

func authKeys() config.Def {
	secret := func(name, doc string) config.Key {
		return config.Key{Name: name, Type: config.Password, Default: config.NewSecret(""), Importance: config.Medium, Doc: doc}
	}
	str := func(name, fallback, doc string) config.Key {
		return config.Key{Name: name, Type: config.String, Default: fallback, Importance: config.Medium, Doc: doc}
	}
	return config.Def{
		{
			Name: basicSourceKey, Type: config.String, Default: fromURL, Importance: config.Medium,
			Validator: config.OneOf{fromURL, fromUserInfo, fromSASL},
			Doc:       "Where user and password of basic authentication stand: URL, USER_INFO or SASL_INHERIT.",
		},
		secret("basic.auth.user.info", "User and password of basic authentication, with a colon between them."),
		secret("schema.registry.basic.auth.user.info", "The older name of basic.auth.user.info; it counts before that."),
		{
			Name: bearerSourceKey, Type: config.String, Default: staticToken, Importance: config.Medium,
			Validator: config.OneOf{staticToken, oauthBearer, saslOAuthBearer},
			Doc:       "Where the token of bearer authentication comes from: STATIC_TOKEN, OAUTHBEARER or SASL_OAUTHBEARER_INHERIT.",
		},
		secret("bearer.auth.token", "The token of STATIC_TOKEN."),
		str(issuerKey, "", "URL of the token endpoint of the OAuth provider."),
		str("bearer.auth.client.id", "", "The id that the OAuth provider knows this client by."),
		secret("bearer.auth.client.secret", "The secret of the client at the OAuth provider."),
		str("bearer.auth.scope", "", "The scope to ask the OAuth provider for; empty is none."),
		str("bearer.auth.scope.claim.name", "scope", "The claim with the scope; the registry checks it, Sluice does not look at it."),
		str("bearer.auth.sub.claim.name", "sub", "The claim with the subject; the registry checks it, Sluice does not look at it."),
		str("bearer.auth.logical.cluster", "", "The logical cluster of the registry, sent in the header target-sr-cluster."),
		str("bearer.auth.identity.pool.id", "", "The identity pool, sent in the header Confluent-Identity-Pool-Id."),
		{
			Name: "bearer.auth.cache.expiry.buffer.seconds", Type: config.Short, Default: int16(300), Importance: config.Low, Validator: config.AtLeast(0),
			Doc: "How long before a token is over a new one is got.",
		},
		{
			Name: "bearer.auth.custom.provider.class", Type: config.String, Importance: config.Low, Validator: Unsupported{},
			Doc: "A Java class that gets tokens. Sluice cannot load it.",
		},
		secret(jaasKey, "The login that SASL_INHERIT and SASL_OAUTHBEARER_INHERIT take over; it stands with the prefix of the converter."),
		str(tokenURLKey, "", "URL of the token endpoint of SASL_OAUTHBEARER_INHERIT where "+issuerKey+" is not set."),
	}
}

// AuthSettings are the parsed keys of authentication.
type AuthSettings struct {
	BasicSource  string        `config:"basic.auth.credentials.source"`
	UserInfo     config.Secret `config:"basic.auth.user.info"`
	OldUserInfo  config.Secret `config:"schema.registry.basic.auth.user.info"`
	BearerSource string        `config:"bearer.auth.credentials.source"` // "" without bearer authentication
	BearerToken  config.Secret `config:"bearer.auth.token"`
	IssuerURL    string        `config:"bearer.auth.issuer.endpoint.url"`
	ClientID     string        `config:"bearer.auth.client.id"`
	ClientSecret config.Secret `config:"bearer.auth.client.secret"`
	Scope        string        `config:"bearer.auth.scope"`
	Cluster      string        `config:"bearer.auth.logical.cluster"`
	IdentityPool string        `config:"bearer.auth.identity.pool.id"`
	ExpiryBuffer int16         `config:"bearer.auth.cache.expiry.buffer.seconds"`
	JAAS         config.Secret `config:"sasl.jaas.config"`
	TokenURL     string        `config:"sasl.oauthbearer.token.endpoint.url"`
}

// fingerprint is what makes two clients log in in the same way.
func (s *AuthSettings) fingerprint() []any {
	return []any{
		s.BasicSource, s.UserInfo.Reveal(), s.OldUserInfo.Reveal(), s.BearerSource, s.BearerToken.Reveal(), s.IssuerURL, s.ClientID,
		s.ClientSecret.Reveal(), s.Scope, s.Cluster, s.IdentityPool, s.ExpiryBuffer, s.JAAS.Reveal(), s.TokenURL,
	}
}

// authorizer sets the headers of a request that say who asks. It may wait for a
// token until the request's context ends.
type authorizer func(r *http.Request, inURL *url.Userinfo) error

// authorizer returns that of the settings. The error is a *config.Error.
func (s *Settings) authorizer() (authorizer, error) {
	if s.BearerSource != "" {
		return s.bearer()
	}
	info := ""
	switch s.BasicSource {
	case fromUserInfo:
		if info = s.OldUserInfo.Reveal(); info == "" {
			info = s.UserInfo.Reveal()
		}
		if info == "" {
			return nil, config.Errorf("UserInfo must be provided when basic.auth.credentials.source is set to USER_INFO")
		}
	case fromSASL:
		options, err := s.saslOptions()
		if err != nil {
			return nil, err
		}
		if options["username"] == "" {
			return nil, config.Errorf("Provided SASL Login module doesn't provide username and password options and can't be inherited: "+
				"%s needs username and password, since %s is %s", jaasKey, basicSourceKey, fromSASL)
		}
		info = options["username"] + ":" + options["password"]
	}
	return func(r *http.Request, inURL *url.Userinfo) error {
		switch {
		case info != "":
			r.Header.Set("Authorization", basic(info))
		case inURL != nil && s.BasicSource == fromURL:
			password, _ := inURL.Password()
			r.Header.Set("Authorization", basic(inURL.Username()+":"+password))
		}
		return nil
	}, nil
}

// saslOptions are those of the login that the converter is to take over.
func (s *Settings) saslOptions() (map[string]string, error) {
	text := s.JAAS.Reveal()
	if text == "" {
		return nil, config.Errorf("%s is not set: the schema registry's credentials are to come from there; "+
			"set it with the converter's prefix, as value.converter.%s", jaasKey, jaasKey)
	}
	entry, err := login.ParseEntry(text)
	if err != nil {
		return nil, config.Errorf("Invalid value [hidden] for configuration %s: %v", jaasKey, err)
	}
	return entry.Options, nil
}

// bearer returns what sends a token, with the cluster and the pool it is for.
func (s *Settings) bearer() (authorizer, error) {
	pool := s.IdentityPool
	var token func(context.Context) (string, error)
	switch s.BearerSource {
	case staticToken:
		if s.BearerToken.Reveal() == "" {
			return nil, config.Errorf("Token must be provided via bearer.auth.token config when %s is set to %s", bearerSourceKey, staticToken)
		}
		token = func(context.Context) (string, error) { return s.BearerToken.Reveal(), nil } //nolint:unparam // The other one asks a server.
	default:
		options := map[string]string{}
		if s.BearerSource == saslOAuthBearer {
			var err error
			if options, err = s.saslOptions(); err != nil {
				return nil, err
			}
			if pool == "" {
				pool = options["extension_identityPoolId"]
			}
		}
		cache, err := s.tokens(options)
		if err != nil {
			return nil, err
		}
		token = cache.Token
	}
	return func(r *http.Request, _ *url.Userinfo) error {
		text, err := token(r.Context())
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+text)
		if s.Cluster != "" {
			r.Header.Set("Target-Sr-Cluster", s.Cluster)
		}
		if pool != "" {
			r.Header.Set("Confluent-Identity-Pool-Id", pool)
		}
		return nil
	}, nil
}

// Waits of Java's client, which no key changes, and a bound where it has none.
const (
	tokenWait    = 100 * time.Millisecond
	tokenMaxWait = 10 * time.Second
	tokenTimeout = 10 * time.Second
	// tokenPart of its life a token is used.
	tokenPart = 0.8
)

// tokens gets tokens of the OAuth provider. The registry's own keys count before
// the options of the login.
func (s *Settings) tokens(options map[string]string) (*login.Cache, error) {
	first := func(values ...string) string {
		for _, v := range values {
			if v = strings.TrimSpace(v); v != "" {
				return v
			}
		}
		return ""
	}
	id, secret := first(s.ClientID, options["clientId"]), first(s.ClientSecret.Reveal(), options["clientSecret"])
	at := s.IssuerURL
	if at == "" && s.BearerSource == saslOAuthBearer {
		at = s.TokenURL
	}
	endpoint, err := url.Parse(at)
	switch {
	case err != nil || endpoint.Scheme != "http" && endpoint.Scheme != "https" || endpoint.Host == "":
		return nil, config.InvalidValue(issuerKey, at, "give the URL of the token endpoint, https://...")
	case id == "":
		return nil, config.Errorf("bearer.auth.client.id is not set: give the id that the OAuth provider knows this client by")
	case secret == "":
		return nil, config.Errorf("bearer.auth.client.secret is not set: give the client's secret at the OAuth provider")
	}
	cfg := login.EndpointConfig{
		URL: at, Within: tokenMaxWait, Connect: tokenTimeout, Read: tokenTimeout,
		Pause: func(fails int) time.Duration {
			d := min(tokenWait<<min(fails-1, 10), tokenMaxWait)
			return d/2 + rand.N(d/2)
		},
	}
	// As in Java: the registry's stores for its own keys, those of the login for a
	// login that is taken over.
	if cfg.TLS, err = s.tls.config(); s.BearerSource == saslOAuthBearer {
		cfg.TLS, err = tlsconfig.Client(config.Map(options), "")
	}
	if err != nil {
		return nil, config.Errorf("TLS to the token endpoint %s: %v", at, err)
	}
	ask, request := login.NewEndpoint(cfg), login.ClientCredentials(id, secret, first(s.Scope, options["scope"]))
	return login.NewCache(login.CacheConfig{
		Fetch:  func(ctx context.Context) (string, error) { return ask.Token(ctx, request) },
		Window: tokenPart, Buffer: time.Duration(s.ExpiryBuffer) * time.Second,
	}), nil
}
