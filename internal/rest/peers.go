package rest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"sluice/internal/herder"
)

// Peers sends internal requests to other workers of the cluster, as Java's do. It
// implements herder.Peers.
type Peers struct{ client *http.Client }

// Peers returns the other workers, reached as requests are forwarded.
func (s *Server) Peers() *Peers { return &Peers{s.forward} }

// mostText bounds what is read of an answer to an internal request.
const mostText = 64 << 10

// Send implements herder.Peers.
func (p *Peers) Send(ctx context.Context, method, url string, body []byte, sig *herder.Signature) error {
	_, err := p.do(ctx, method, url, body, sig, mostText)
	return err
}

// Ask implements herder.Peers.
func (p *Peers) Ask(ctx context.Context, method, url string, body []byte) ([]byte, error) {
	return p.do(ctx, method, url, body, nil, maxAnswer)
}

func (p *Peers) do(ctx context.Context, method, url string, body []byte, sig *herder.Signature, most int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("request to another worker: %w", err)
	}
	req.Header.Set("Accept", jsonType)
	req.Header.Set("User-Agent", "kafka-connect")
	if len(body) > 0 {
		req.Header.Set("Content-Type", jsonType)
	}
	if sig != nil {
		req.Header.Set(signatureHeader, base64.StdEncoding.EncodeToString(sig.MAC))
		req.Header.Set(algorithmHeader, sig.Algorithm)
	}
	res, err := p.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("request to another worker: %w", err)
	}
	defer func() { _ = res.Body.Close() }() // read to its end, or given up
	text, err := io.ReadAll(io.LimitReader(res.Body, most))
	if err != nil {
		return nil, fmt.Errorf("answer of another worker: %w", err)
	}
	if res.StatusCode >= http.StatusOK && res.StatusCode < http.StatusMultipleChoices {
		return text, nil
	}
	var answer struct {
		Message string `json:"message"`
	}
	if err := json.Unmarshal(text, &answer); err != nil || answer.Message == "" {
		answer.Message = fmt.Sprintf("the worker at %s answers %s", url, res.Status)
	}
	return nil, &herder.Error{Status: res.StatusCode, Message: answer.Message}
}
