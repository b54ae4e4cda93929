// Package login gets what Kafka clients and clients of a schema registry prove
// themselves with: options of a JAAS entry, and tokens of an OAuth provider.
//
// It asks a provider when a token is needed and keeps it for a part of its life;
// it starts nothing in the background, and no error of it shows a secret. It is
// public, since plugins log in too. Start reading at Cache.
package login

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Request asks a token endpoint for a token.
type Request struct {
	Form url.Values
	// User and Password go into the header; no user, no header.
	User, Password string
}

// ClientCredentials is the request of a client that proves itself by a secret;
// an empty scope is left out.
func ClientCredentials(id, secret, scope string) Request {
	form := url.Values{"grant_type": {"client_credentials"}}
	if scope != "" {
		form.Set("scope", scope)
	}
	return Request{Form: form, User: id, Password: secret}
}

// EndpointConfig is what an Endpoint is made of.
type EndpointConfig struct {
	URL string
	// TLS is for https; nil is that of the system.
	TLS *tls.Config
	// Pause is the wait after so many failures.
	Pause func(fails int) time.Duration
	// Within bounds the tries: none begins later than that after the first.
	Within time.Duration
	// Connect and Read bound each try.
	Connect, Read time.Duration
}

// Endpoint gets tokens of an OAuth provider (RFC 6749). It is safe for
// concurrent use.
type Endpoint struct {
	cfg    EndpointConfig
	client *http.Client
}

// NewEndpoint returns the endpoint. It asks nothing yet.
func NewEndpoint(cfg EndpointConfig) *Endpoint {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: cfg.TLS, ForceAttemptHTTP2: true,
		DialContext:       (&net.Dialer{Timeout: cfg.Connect}).DialContext,
		DisableKeepAlives: true, // a token is asked for once in a while
	}
	return &Endpoint{cfg: cfg, client: &http.Client{Transport: transport, Timeout: cfg.Connect + cfg.Read}}
}

// mostAnswer bounds what is read of an answer.
const mostAnswer = 1 << 20

// finalError is an answer that will be the same next time.
type finalError struct{ error }

// Token asks until there is an answer that does not change, or time is over. It
// waits meanwhile, until ctx ends. Errors name the URL and what the provider said.
func (e *Endpoint) Token(ctx context.Context, r Request) (string, error) {
	start := time.Now()
	for fails := 1; ; fails++ {
		token, err := e.ask(ctx, r)
		if err == nil {
			return token, nil
		}
		wait := e.cfg.Pause(fails)
		var final finalError
		if errors.As(err, &final) || ctx.Err() != nil || time.Since(start)+wait > e.cfg.Within {
			return "", fmt.Errorf("token endpoint %s: %w", e.cfg.URL, err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return "", fmt.Errorf("token endpoint %s: %w", e.cfg.URL, errors.Join(err, ctx.Err()))
		}
	}
}

func (e *Endpoint) ask(ctx context.Context, r Request) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.cfg.URL, strings.NewReader(r.Form.Encode()))
	if err != nil {
		return "", finalError{err}
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Cache-Control", "no-cache")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if r.User != "" {
		req.SetBasicAuth(r.User, r.Password)
	}
	res, err := e.client.Do(req)
	if err != nil {
		if wrong, ok := errors.AsType[*url.Error](err); ok {
			err = wrong.Err // the URL is named by the caller
		}
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	if err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusCreated {
		err := fmt.Errorf("it answers %s%s", res.Status, explained(body))
		if isFinal(res.StatusCode) {
			return "", finalError{err}
		}
		return "", err
	}
	return tokenIn(body)
}

// isFinal reports whether the same request will get the same status again.
func isFinal(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return true
	}
	return status >= 300 && status < 500
}

// explained returns error and description of a refusal; these hold no secrets.
func explained(body []byte) string {
	var said struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		Code        string `json:"errorCode"`
		Summary     string `json:"errorSummary"`
	}
	if json.Unmarshal(body, &said) != nil {
		return ""
	}
	switch {
	case said.Error != "":
		return ": " + said.Error + " " + said.Description
	case said.Code != "":
		return ": " + said.Code + " " + said.Summary
	}
	return ""
}

func tokenIn(body []byte) (string, error) {
	var answer struct {
		Access string `json:"access_token"`
		ID     string `json:"id_token"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", finalError{errors.New("its answer is not JSON")}
	}
	for _, token := range []string{answer.Access, answer.ID} {
		if token = strings.TrimSpace(token); token != "" {
			return token, nil
		}
	}
	return "", finalError{errors.New("its answer holds neither access_token nor id_token")}
}
