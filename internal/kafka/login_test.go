package kafka

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
)

// mechanismOf returns the SASL mechanism that a client of the settings has.
func mechanismOf(t *testing.T, set map[string]string) sasl.Mechanism {
	t.Helper()
	cl, err := NewClient(Settings{AdminRole, set}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	list, ok := cl.OptValue(kgo.SASL).([]sasl.Mechanism)
	if !ok || len(list) != 1 {
		t.Fatalf("the client has the mechanisms %v", list)
	}
	return list[0]
}

// first returns the first message of the client.
func first(t *testing.T, m sasl.Mechanism) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, message, err := m.Authenticate(ctx, "broker.example.com:9092")
	return string(message), err
}

func bearerSettings(more ...string) map[string]string {
	return with(append([]string{
		"security.protocol", "SASL_PLAINTEXT", "sasl.mechanism", "OAUTHBEARER", "bootstrap.servers", "127.0.0.1:1",
		"sasl.login.callback.handler.class", bearerHandler, "sasl.jaas.config", bearerModule + ` required extension_logicalCluster="lkc-1";`,
	}, more...)...)
}

// jwt makes a token that holds for so long.
func jwt(life time.Duration) string {
	encode := base64.RawURLEncoding.EncodeToString
	payload := fmt.Sprintf(`{"sub":"me","exp":%d,"jti":%q}`, time.Now().Add(life).Unix(), rand.Text())
	return encode([]byte(`{"alg":"RS256"}`)) + "." + encode([]byte(payload)) + ".c2ln"
}

// provider is a token endpoint on the loopback.
type provider struct {
	*httptest.Server
	asked atomic.Int32
}

// newProvider answers with what the handler makes of the form.
func newProvider(t *testing.T, answer func(r *http.Request, form url.Values) (status int, body string)) *provider {
	t.Helper()
	p := &provider{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		form, err := url.ParseQuery(string(body))
		if err != nil || r.Method != http.MethodPost {
			t.Errorf("%s %q: %v", r.Method, body, err)
		}
		status, text := answer(r, form)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(p.Close)
	return p
}

func TestBearerByClientCredentials(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		set         map[string]string
		user, scope string
	}{
		"keys": {map[string]string{
			"sasl.oauthbearer.client.credentials.client.id": "id", "sasl.oauthbearer.client.credentials.client.secret": "geheim", "sasl.oauthbearer.scope": "a b",
		}, "id", "a b"},
		"options of the login module": {map[string]string{
			"sasl.jaas.config": bearerModule + ` required clientId="id" clientSecret="geheim" scope="s" extension_logicalCluster="lkc-1";`,
		}, "id", "s"},
		"the name of the handler in Kafka 3, encoded": {map[string]string{
			"sasl.login.callback.handler.class":             oldBearerHandler,
			"sasl.oauthbearer.client.credentials.client.id": "a:b", "sasl.oauthbearer.client.credentials.client.secret": "geheim", "sasl.oauthbearer.header.urlencode": "true",
		}, "a%3Ab", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := jwt(time.Hour)
			p := newProvider(t, func(r *http.Request, form url.Values) (int, string) {
				user, secret, _ := r.BasicAuth()
				if user != tt.user || secret != "geheim" || form.Get("grant_type") != "client_credentials" || form.Get("scope") != tt.scope {
					t.Errorf("user %q, form %v", user, form)
				}
				return http.StatusOK, fmt.Sprintf(`{"access_token":%q,"expires_in":3600}`, token)
			})
			set := bearerSettings("sasl.oauthbearer.token.endpoint.url", p.URL)
			maps.Copy(set, tt.set)
			m := mechanismOf(t, set)
			for range 3 {
				message, err := first(t, m)
				if want := "auth=Bearer " + token; err != nil || !strings.Contains(message, want) || !strings.Contains(message, "logicalCluster=lkc-1") {
					t.Errorf("got %q, %v", message, err)
				}
			}
			if n := p.asked.Load(); n != 1 {
				t.Errorf("a token that holds was asked for %d times", n)
			}
		})
	}
}

func TestBearerFailuresSayWhyAndHideSecrets(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		body   string
		want   string
		tries  int32 // 0: more than one
	}{
		"refused":      {http.StatusUnauthorized, `{"error":"invalid_client","error_description":"unknown"}`, "invalid_client unknown", 1},
		"other form":   {http.StatusForbidden, `{"errorCode":"E1","errorSummary":"no"}`, "E1 no", 1},
		"busy":         {http.StatusServiceUnavailable, "", "503", 0},
		"no JSON":      {http.StatusOK, "geheim", "not JSON", 1},
		"no token":     {http.StatusOK, `{"token":"geheim"}`, "neither access_token nor id_token", 1},
		"no JWT":       {http.StatusOK, `{"access_token":"geheim"}`, "not a JWT", 1},
		"over already": {http.StatusOK, fmt.Sprintf(`{"id_token":%q}`, jwt(-time.Hour)), "is over since", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t, func(*http.Request, url.Values) (int, string) { return tt.status, tt.body })
			m := mechanismOf(t, bearerSettings("sasl.oauthbearer.token.endpoint.url", p.URL,
				"sasl.oauthbearer.client.credentials.client.id", "id", "sasl.oauthbearer.client.credentials.client.secret", "geheim",
				"sasl.login.retry.backoff.ms", "1", "sasl.login.retry.backoff.max.ms", "20"))
			_, err := first(t, m)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "geheim") {
				t.Errorf("got %v", err)
			}
			if n := p.asked.Load(); tt.tries > 0 && n != tt.tries || tt.tries == 0 && n < 2 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

func TestBearerByAssertion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	save := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keyFile := func(name string, key any) string {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return save(name, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	}
	template := save("template.json", `{"header":{"kid":"k1"},"payload":{"tenant":"t1"}}`)
	dynamic := func(algorithm, key string) []string {
		return []string{
			"sasl.oauthbearer.assertion.algorithm", algorithm, "sasl.oauthbearer.assertion.private.key.file", key,
			"sasl.oauthbearer.assertion.claim.iss", "me", "sasl.oauthbearer.assertion.claim.sub", "me", "sasl.oauthbearer.assertion.claim.aud", "them",
			"sasl.oauthbearer.assertion.template.file", template, "sasl.oauthbearer.assertion.claim.jti.include", "true",
		}
	}
	for name, tt := range map[string]struct {
		set    []string
		grant  string
		verify func(content string, signature []byte) bool
	}{
		"RS256 for the secret": {
			append(dynamic("RS256", keyFile("rsa.pem", rsaKey)), "sasl.oauthbearer.client.credentials.client.id", "id"), credentialsGrant,
			func(content string, signature []byte) bool {
				digest := sha256.Sum256([]byte(content))
				return rsa.VerifyPKCS1v15(&rsaKey.PublicKey, crypto.SHA256, digest[:], signature) == nil
			},
		},
		"ES256 as the grant": {
			append(dynamic("ES256", keyFile("ec.pem", ecKey)), "sasl.oauthbearer.jwt.retriever.class", jwtGrantRetriever), jwtGrant,
			func(content string, signature []byte) bool {
				digest := sha256.Sum256([]byte(content))
				r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
				return ecdsa.Verify(&ecKey.PublicKey, digest[:], r, s)
			},
		},
		"a file": {[]string{"sasl.oauthbearer.assertion.file", save("assertion.jwt", "a.b.c\n")}, credentialsGrant, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := jwt(time.Hour)
			p := newProvider(t, func(r *http.Request, form url.Values) (int, string) {
				if got := form.Get("grant_type"); got != tt.grant || r.Header.Get("Authorization") != "" {
					t.Errorf("grant %q, want %q", got, tt.grant)
				}
				assertion := form.Get("assertion") + form.Get("client_assertion")
				if tt.verify != nil {
					checkAssertion(t, assertion, tt.verify)
				} else if assertion != "a.b.c" {
					t.Errorf("assertion %q", assertion)
				}
				return http.StatusCreated, fmt.Sprintf(`{"access_token":%q}`, token)
			})
			message, err := first(t, mechanismOf(t, bearerSettings(append(tt.set, "sasl.oauthbearer.token.endpoint.url", p.URL)...)))
			if err != nil || !strings.Contains(message, token) {
				t.Errorf("got %q, %v", message, err)
			}
		})
	}
}

func checkAssertion(t *testing.T, assertion string, verify func(string, []byte) bool) {
	t.Helper()
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		t.Errorf("assertion %q", assertion)
		return
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !verify(parts[0]+"."+parts[1], signature) {
		t.Errorf("the signature of the assertion is wrong: %v", err)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Error(err)
	}
	var claims struct {
		Iss, Sub, Aud, Tenant, Jti string
		Iat, Exp, Nbf              int64
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Error(err)
	}
	if claims.Iss != "me" || claims.Sub != "me" || claims.Aud != "them" || claims.Tenant != "t1" || claims.Jti == "" ||
		claims.Exp != claims.Iat+300 || claims.Nbf != claims.Iat-60 {
		t.Errorf("claims %s", payload)
	}
}

func TestBearerOfAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	token := jwt(time.Hour)
	if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	message, err := first(t, mechanismOf(t, bearerSettings("sasl.oauthbearer.token.endpoint.url", "file://"+path)))
	if err != nil || !strings.Contains(message, "Bearer "+token) {
		t.Errorf("got %q, %v", message, err)
	}
}

func TestUnsecuredBearer(t *testing.T) {
	t.Parallel()
	set := bearerSettings("sasl.jaas.config", bearerModule+` required unsecuredLoginStringClaim_sub="alice" unsecuredLoginNumberClaim_n="1.5"
		unsecuredLoginListClaim_scope="|a||b" unsecuredLoginLifetimeSeconds="60" unsecuredLoginExtension_x="y";`)
	delete(set, "sasl.login.callback.handler.class")
	message, err := first(t, mechanismOf(t, set))
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(message, "auth=Bearer ")
	token, rest, _ := strings.Cut(token, "\x01")
	parts := strings.Split(token, ".")
	if len(parts) != 3 || parts[2] != "" || !strings.Contains(rest, "x=y") {
		t.Fatalf("got %q", message)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		Sub      string
		N        float64
		Scope    []string
		Iat, Exp float64
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	if claims.Sub != "alice" || claims.N != 1.5 || strings.Join(claims.Scope, ",") != "a,b," || claims.Exp != claims.Iat+60 {
		t.Errorf("claims %s", payload)
	}
}

func TestLoginsThatDoNotWork(t *testing.T) {
	t.Setenv("KRB5_CONFIG", "/does/not/exist")
	keys := keytabFile(t)
	krb := func(options string) []string {
		return []string{"sasl.mechanism", "GSSAPI", "sasl.login.callback.handler.class", "", "sasl.kerberos.service.name", "kafka", "sasl.jaas.config", kerberosModule + " required " + options + ";"}
	}
	for _, tt := range []struct {
		key, right string
		set        []string
	}{
		{"sasl.jaas.config", "Krb5LoginModule required useKeyTab=true", []string{"sasl.mechanism", "", "sasl.jaas.config", ""}}, // unset is GSSAPI
		{"sasl.jaas.config", "needs this module", []string{"sasl.mechanism", "PLAIN"}},
		{"sasl.oauthbearer.token.endpoint.url", "URL of the token endpoint", nil},
		{"sasl.oauthbearer.token.endpoint.url", "http or https", []string{"sasl.oauthbearer.token.endpoint.url", "file:///x", "sasl.oauthbearer.jwt.retriever.class", secretRetriever}},
		{"sasl.oauthbearer.client.credentials.client.id", "id", []string{"sasl.oauthbearer.token.endpoint.url", "http://x"}},
		{"sasl.oauthbearer.client.credentials.client.secret", "secret", []string{"sasl.oauthbearer.token.endpoint.url", "http://x", "sasl.oauthbearer.client.credentials.client.id", "i"}},
		{"sasl.oauthbearer.jwt.retriever.class", "FileJwtRetriever", []string{"sasl.oauthbearer.token.endpoint.url", "http://x", "sasl.oauthbearer.jwt.retriever.class", "com.example.R"}},
		{"sasl.oauthbearer.assertion.private.key.file", "PEM", []string{"sasl.oauthbearer.token.endpoint.url", "http://x", "sasl.oauthbearer.assertion.claim.iss", "i", "sasl.oauthbearer.assertion.private.key.file", "/none"}},
		{"sasl.oauthbearer.assertion.algorithm", "ES256", []string{"sasl.oauthbearer.token.endpoint.url", "http://x", "sasl.oauthbearer.assertion.claim.iss", "i", "sasl.oauthbearer.assertion.algorithm", "none"}},
		{"sasl.login.callback.handler.class", "cannot be loaded", []string{"sasl.login.callback.handler.class", "com.example.H"}},
		{"sasl.login.callback.handler.class", "AWS_MSK_IAM", []string{"sasl.login.callback.handler.class", awsTokenHandler}},
		{"sasl.jaas.config", "StringClaim_sub", []string{"sasl.login.callback.handler.class", ""}},
		{"sasl.jaas.config", "keytab", krb("useTicketCache=true")},
		{"sasl.jaas.config", "cannot be read", krb(`useKeyTab=true keyTab="/none" principal="a@B"`)},
		{"sasl.jaas.config", "KRB5_CONFIG", krb(`useKeyTab=true keyTab="` + keys + `" principal="a@B"`)},
		{"sasl.kerberos.service.name", "mostly kafka", append(krb(`useKeyTab=true keyTab="`+keys+`" principal="a@B"`), "sasl.kerberos.service.name", "")},
		{"sasl.jaas.config", "awsRoleArn", []string{"sasl.mechanism", "AWS_MSK_IAM", "sasl.login.callback.handler.class", "", "sasl.jaas.config", awsModule + " required awsOther=x;"}},
	} {
		_, err := Settings{AdminRole, bearerSettings(tt.set...)}.Plan()
		var wrong *ValueError
		if !errors.As(err, &wrong) || wrong.Key != tt.key || !strings.Contains(wrong.Right, tt.right) {
			t.Errorf("%v: %v, want %s: %s", tt.set, err, tt.key, tt.right)
		}
	}
}

func keytabFile(t *testing.T) string {
	t.Helper()
	keys := keytab.New()
	if err := keys.AddEntry("client", "EXAMPLE.COM", "pw", time.Now(), 1, etypeID.AES256_CTS_HMAC_SHA1_96); err != nil {
		t.Fatal(err)
	}
	content, err := keys.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "client.keytab")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestKerberosAsksTheKDC: no KDC is at hand here; the client must get as far as
// asking the one that the configuration names.
func TestKerberosAsksTheKDC(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "krb5.conf")
	text := "[libdefaults]\n default_realm = EXAMPLE.COM\n udp_preference_limit = 1\n[realms]\n EXAMPLE.COM = {\n  kdc = 127.0.0.1:1\n }\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KRB5_CONFIG", conf)
	m := mechanismOf(t, with("bootstrap.servers", "127.0.0.1:1", "security.protocol", "SASL_PLAINTEXT", "sasl.kerberos.service.name", "kafka",
		"sasl.jaas.config", kerberosModule+` required useKeyTab=true storeKey=true keyTab="`+keytabFile(t)+`" principal="client@EXAMPLE.COM";`))
	if m.Name() != "GSSAPI" {
		t.Errorf("the mechanism is %s", m.Name())
	}
	if _, err := first(t, m); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("got %v", err)
	}
}

func TestAWSIAM(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKID")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "geheim")
	t.Setenv("AWS_SESSION_TOKEN", "session")
	t.Setenv("AWS_CONFIG_FILE", "/does/not/exist")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "credentials"))
	set := with("bootstrap.servers", "127.0.0.1:1", "security.protocol", "SASL_SSL", "sasl.mechanism", "AWS_MSK_IAM",
		"sasl.client.callback.handler.class", awsHandler, "sasl.jaas.config", awsModule+" required;")
	m := mechanismOf(t, set)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, message, err := m.Authenticate(ctx, "b-1.c.kafka.eu-west-1.amazonaws.com:9098")
	if err != nil {
		t.Fatal(err)
	}
	var signed map[string]string
	if err := json.Unmarshal(message, &signed); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(signed["x-amz-credential"], "AKID") || !strings.Contains(signed["x-amz-credential"], "eu-west-1") ||
		signed["x-amz-security-token"] != "session" || strings.Contains(string(message), "geheim") {
		t.Errorf("got %s", message)
	}

	credentials := "[other]\naws_access_key_id = AKOTHER\naws_secret_access_key = geheim\n"
	if err := os.WriteFile(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), []byte(credentials), 0o600); err != nil {
		t.Fatal(err)
	}
	set["sasl.jaas.config"] = awsModule + ` required awsProfileName="other";`
	_, message, err = mechanismOf(t, set).Authenticate(ctx, "b-1.c.kafka.eu-west-1.amazonaws.com:9098")
	if err != nil || !strings.Contains(string(message), "AKOTHER") {
		t.Errorf("got %s, %v", message, err)
	}
}
