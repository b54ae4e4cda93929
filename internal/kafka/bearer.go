package kafka

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/oauth"

	"sluice/connect/config"
	"sluice/login"
	"sluice/tlsconfig"
)

// bearer sets OAUTHBEARER: tokens of an OpenID provider, of a file, or, without
// a callback handler, such as nobody signed.
func (b *builder) bearer(options map[string]string) {
	var source func(ctx context.Context) (string, error)
	prefix := "extension_"
	switch str(b, "sasl.login.callback.handler.class") {
	case "", unsecuredHandler:
		prefix = unsecuredOption + "Extension_"
		claims, err := newUnsecured(options)
		if err != nil {
			b.wrong("sasl.jaas.config", err.Error())
			return
		}
		source = func(context.Context) (string, error) { return claims.token(time.Now()), nil }
	default:
		if source = b.retriever(options); source == nil {
			return
		}
	}
	extensions := make(map[string]string)
	for name, v := range options {
		if key, ok := strings.CutPrefix(name, prefix); ok {
			extensions[key] = v
		}
	}
	cache := login.NewCache(login.CacheConfig{
		Fetch:  source,
		Window: decimalOr(b, "sasl.login.refresh.window.factor", 0.8),
		Jitter: decimalOr(b, "sasl.login.refresh.window.jitter", 0.05),
		Buffer: time.Duration(number(b, "sasl.login.refresh.buffer.seconds", 300)) * time.Second,
	})
	b.add(kgo.SASL(oauth.Oauth(func(ctx context.Context) (oauth.Auth, error) {
		token, err := cache.Token(ctx)
		if err != nil {
			return oauth.Auth{}, fmt.Errorf("get a token for OAUTHBEARER: %w", err)
		}
		return oauth.Auth{Token: token, Extensions: extensions}, nil
	})))
}

func decimalOr(b *builder, name string, unset float64) float64 {
	if v, ok := get[float64](b, name); ok {
		return v
	}
	return unset
}

// The classes that get tokens, as sasl.oauthbearer.jwt.retriever.class names them.
const (
	retrievers        = "org.apache.kafka.common.security.oauthbearer."
	defaultRetriever  = retrievers + "DefaultJwtRetriever"
	secretRetriever   = retrievers + "ClientCredentialsJwtRetriever"
	fileRetriever     = retrievers + "FileJwtRetriever"
	jwtGrantRetriever = retrievers + "JwtBearerJwtRetriever"
)

// retriever returns what gets a token from the token endpoint, or nil.
func (b *builder) retriever(options map[string]string) func(context.Context) (string, error) {
	const key = "sasl.oauthbearer.token.endpoint.url"
	endpoint, err := url.Parse(str(b, key))
	if err != nil || endpoint.Scheme != "http" && endpoint.Scheme != "https" && endpoint.Scheme != "file" {
		b.wrong(key, "give the URL of the token endpoint, https://... or file:///...")
		return nil
	}
	class := str(b, "sasl.oauthbearer.jwt.retriever.class")
	if class == "" || class == defaultRetriever {
		class = secretRetriever
		if endpoint.Scheme == "file" {
			class = fileRetriever
		}
	}
	if endpoint.Scheme == "file" && class != fileRetriever {
		b.wrong(key, "give an http or https URL: this retriever asks a token endpoint")
		return nil
	}
	switch class {
	case fileRetriever:
		return func(context.Context) (string, error) { return tokenFile(endpoint.Path) }
	case secretRetriever, jwtGrantRetriever:
		ask := b.endpoint(endpoint, options)
		form := b.grant(class, options)
		if ask == nil || form == nil {
			return nil
		}
		return func(ctx context.Context) (string, error) {
			request, err := form(time.Now())
			if err != nil {
				return "", err
			}
			return ask.Token(ctx, request)
		}
	}
	b.wrong("sasl.oauthbearer.jwt.retriever.class", noClasses+"; known are "+strings.Join([]string{defaultRetriever, secretRetriever, fileRetriever, jwtGrantRetriever}, ", "))
	return nil
}

// tokenFile reads a token each time: another program may have renewed it.
func tokenFile(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(content)), nil
}

// endpoint returns the client of the token endpoint. As in Java its TLS is set
// by ssl.* options of the login module, not by those of the Kafka client.
func (b *builder) endpoint(at *url.URL, options map[string]string) *login.Endpoint {
	var secure *tls.Config
	if at.Scheme == "https" {
		var err error
		if secure, err = tlsconfig.Client(config.Map(options), ""); err != nil {
			b.wrong("sasl.jaas.config", err.Error())
			return nil
		}
	}
	most := millis(b, "sasl.login.retry.backoff.max.ms", 10*time.Second)
	return login.NewEndpoint(login.EndpointConfig{
		URL: at.String(), TLS: secure,
		Pause: backoff(millis(b, "sasl.login.retry.backoff.ms", 100*time.Millisecond), most), Within: most,
		Connect: millis(b, "sasl.login.connect.timeout.ms", 10*time.Second), Read: millis(b, "sasl.login.read.timeout.ms", 10*time.Second),
	})
}
