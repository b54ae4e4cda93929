package registry_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sluice/connect/config"
	"sluice/converters/internal/registry"
	"sluice/converters/internal/registrytest"
)

// jwt is a token that holds for so long.
func jwt(life time.Duration) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none"}`)) + "." + encode(fmt.Appendf(nil, `{"sub":"me","exp":%d}`, time.Now().Add(life).Unix())) + ".c2ln"
}

// provider is the token endpoint of an OAuth provider that knows one client.
func provider(t *testing.T, token string) (url string, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		id, secret, _ := r.BasicAuth()
		if id != "id" || secret != "geheim" || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "read" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":"invalid_client","error_description":"who is it"}`)
			return
		}
		fmt.Fprintf(w, `{"access_token":%q}`, token)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, asked
}

const plainLogin = `org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="geheim";`

func TestAuthorization(t *testing.T) {
	t.Parallel()
	token := jwt(time.Hour)
	issuer, asked := provider(t, token)
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("u:geheim"))
	oauth := config.Map{
		"bearer.auth.credentials.source": "OAUTHBEARER", "bearer.auth.issuer.endpoint.url": issuer, "bearer.auth.client.id": "id",
		"bearer.auth.client.secret": "geheim", "bearer.auth.scope": "read",
	}
	bearerLogin := `org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required clientId="id" clientSecret="geheim" scope="read" extension_identityPoolId="pool-2";`
	with := func(m config.Map, pairs ...string) config.Map {
		m = maps.Clone(m)
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
	for name, tt := range map[string]struct {
		cfg           config.Map
		want          string
		cluster, pool string
	}{
		"none":               {cfg: config.Map{}},
		"user info":          {cfg: config.Map{"basic.auth.credentials.source": "USER_INFO", "basic.auth.user.info": "u:geheim"}, want: basic},
		"of the client":      {cfg: config.Map{"basic.auth.credentials.source": "SASL_INHERIT", "sasl.jaas.config": plainLogin}, want: basic},
		"static":             {cfg: config.Map{"bearer.auth.credentials.source": "STATIC_TOKEN", "bearer.auth.token": "abc", "bearer.auth.logical.cluster": "lsrc-1"}, want: "Bearer abc", cluster: "lsrc-1"},
		"OAuth":              {cfg: oauth, want: "Bearer " + token},
		"OAuth, for a pool":  {cfg: with(oauth, "bearer.auth.logical.cluster", "lsrc-1", "bearer.auth.identity.pool.id", "pool-1"), want: "Bearer " + token, cluster: "lsrc-1", pool: "pool-1"},
		"OAuth, with prefix": {cfg: with(config.Map{"schema.registry.bearer.auth.credentials.source": "OAUTHBEARER"}, "schema.registry.bearer.auth.issuer.endpoint.url", issuer, "schema.registry.bearer.auth.client.id", "id", "schema.registry.bearer.auth.client.secret", "geheim", "schema.registry.bearer.auth.scope", "read"), want: "Bearer " + token},
		"OAuth of the client": {
			cfg:  config.Map{"bearer.auth.credentials.source": "SASL_OAUTHBEARER_INHERIT", "sasl.jaas.config": bearerLogin, "sasl.oauthbearer.token.endpoint.url": issuer},
			want: "Bearer " + token, pool: "pool-2",
		},
		"OAuth of the client, with keys of its own": {
			cfg: config.Map{
				"bearer.auth.credentials.source": "SASL_OAUTHBEARER_INHERIT", "sasl.oauthbearer.token.endpoint.url": "http://127.0.0.1:1/",
				"bearer.auth.issuer.endpoint.url": issuer, "bearer.auth.identity.pool.id": "pool-1", "bearer.auth.scope": "read",
				"sasl.jaas.config": strings.Replace(bearerLogin, `"read"`, `"write"`, 1),
			},
			want: "Bearer " + token, pool: "pool-1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := registrytest.New(t, nil)
			var got []http.Header
			r.Refuse(func(req *http.Request) (int, int, string) {
				got = append(got, req.Header)
				return 0, 0, ""
			})
			before := asked.Load()
			tt.cfg["schema.registry.url"] = r.URL()
			s, err := open(t, registry.NewPool(), tt.cfg)
			if err != nil {
				t.Fatal(err)
			}
			for _, topic := range []string{"a", "b"} {
				if _, err := s.Target(topic, "", text, nil); err != nil {
					t.Fatal(err)
				}
			}
			if len(got) != 2 || asked.Load()-before > 1 {
				t.Errorf("%d requests, %d tokens", len(got), asked.Load()-before)
			}
			for _, h := range got {
				if h.Get("Authorization") != tt.want || h.Get("target-sr-cluster") != tt.cluster || h.Get("Confluent-Identity-Pool-Id") != tt.pool {
					t.Errorf("sent %v", h)
				}
			}
		})
	}
}

func TestAuthorizationIsRefused(t *testing.T) {
	t.Parallel()
	const jaas = "sasl.jaas.config"
	for name, tt := range map[string]struct {
		cfg  config.Map
		says string
	}{
		"no user info":      {config.Map{"basic.auth.credentials.source": "USER_INFO"}, "UserInfo must be provided"},
		"no token":          {config.Map{"bearer.auth.credentials.source": "STATIC_TOKEN"}, "bearer.auth.token"},
		"no login":          {config.Map{"basic.auth.credentials.source": "SASL_INHERIT"}, "value.converter.sasl.jaas.config"},
		"a login of tokens": {config.Map{"basic.auth.credentials.source": "SASL_INHERIT", jaas: `M required clientSecret="geheim";`}, "username and password"},
		"a broken login":    {config.Map{"basic.auth.credentials.source": "SASL_INHERIT", jaas: `M required password="geheim"`}, "semicolon"},
		"no issuer":         {config.Map{"bearer.auth.credentials.source": "OAUTHBEARER", "bearer.auth.client.id": "id", "bearer.auth.client.secret": "geheim"}, "bearer.auth.issuer.endpoint.url"},
		"no secret":         {config.Map{"bearer.auth.credentials.source": "OAUTHBEARER", "bearer.auth.client.id": "id", "bearer.auth.issuer.endpoint.url": "http://x"}, "bearer.auth.client.secret"},
		"no client":         {config.Map{"bearer.auth.credentials.source": "OAUTHBEARER", "bearer.auth.issuer.endpoint.url": "http://x"}, "bearer.auth.client.id"},
		"both":              {config.Map{"bearer.auth.credentials.source": "OAUTHBEARER", "basic.auth.credentials.source": "URL"}, "Only one of"},
		"a Java class":      {config.Map{"bearer.auth.credentials.source": "CUSTOM"}, "STATIC_TOKEN, OAUTHBEARER, SASL_OAUTHBEARER_INHERIT"},
	} {
		tt.cfg["schema.registry.url"] = "http://127.0.0.1:1"
		_, err := open(t, registry.NewPool(), tt.cfg)
		if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestATokenThatIsRefused holds that the error says what the provider said, and
// that the registry is not asked without a token.
func TestATokenThatIsRefused(t *testing.T) {
	t.Parallel()
	issuer, _ := provider(t, "")
	r := registrytest.New(t, nil)
	s, err := open(t, registry.NewPool(), config.Map{
		"schema.registry.url": r.URL(), "bearer.auth.credentials.source": "OAUTHBEARER", "bearer.auth.issuer.endpoint.url": issuer,
		"bearer.auth.client.id": "id", "bearer.auth.client.secret": "falsch",
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Target("t", "", text, nil)
	registrytest.CheckError(t, err, "org.apache.kafka.common.errors.SerializationException", []string{issuer, "401", "invalid_client who is it"}, []string{"falsch"})
	if got := r.Requests(); len(got) != 0 {
		t.Errorf("the registry was asked %v", got)
	}
}
