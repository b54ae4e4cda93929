package kafka

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

// tokenRequest is a form for a token endpoint. A user goes into the header.
type tokenRequest struct {
	form           url.Values
	user, password string
}

// tokenEndpoint gets tokens of an OAuth provider (RFC 6749).
type tokenEndpoint struct {
	url    string
	client *http.Client
	pause  func(fails int) time.Duration
	within time.Duration // no new attempt after that time
}

func newTokenEndpoint(at string, secure *tls.Config, pause func(int) time.Duration, within, connect, read time.Duration) *tokenEndpoint {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: secure, ForceAttemptHTTP2: true,
		DialContext:       (&net.Dialer{Timeout: connect}).DialContext,
		DisableKeepAlives: true, // a token is asked for once in a while
	}
	return &tokenEndpoint{url: at, client: &http.Client{Transport: transport, Timeout: connect + read}, pause: pause, within: within}
}

// mostAnswer bounds what is read of an answer.
const mostAnswer = 1 << 20

// finalError is an answer that will be the same next time.
type finalError struct{ error }

// token asks until there is an answer that does not change, or time is over.
func (e *tokenEndpoint) token(ctx context.Context, r tokenRequest) (string, error) {
	start := time.Now()
	for fails := 1; ; fails++ {
		token, err := e.ask(ctx, r)
		if err == nil {
			return token, nil
		}
		wait := e.pause(fails)
		var final finalError
		if errors.As(err, &final) || ctx.Err() != nil || time.Since(start)+wait > e.within {
			return "", fmt.Errorf("token endpoint %s: %w", e.url, err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return "", fmt.Errorf("token endpoint %s: %w", e.url, errors.Join(err, ctx.Err()))
		}
	}
}

func (e *tokenEndpoint) ask(ctx context.Context, r tokenRequest) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, strings.NewReader(r.form.Encode()))
	if err != nil {
		return "", finalError{err}
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Cache-Control", "no-cache")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if r.user != "" {
		req.SetBasicAuth(r.user, r.password)
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
