package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"sluice/internal/herder"
)

// maxAnswer bounds the answer of another worker.
const maxAnswer = 64 << 20

const (
	noLeader = "Cannot complete request momentarily due to no known leader URL, likely because a rebalance was underway."
	tooFar   = "Cannot complete request because of a conflicting operation (e.g. worker rebalance)"
)

// forwardTo sends the request on to another worker, with the client's credentials,
// and answers as it does. The parameter forward counts the hops, as Java's workers
// do: absent it is set to true, true to false, and false forbids.
func (s *api) forwardTo(ctx context.Context, r *request, to *herder.ForwardError) (answer, error) {
	values := query(r)
	hops, given := values["forward"]
	if given && !strings.EqualFold(hops[0], "true") {
		return answer{}, fail(http.StatusConflict, tooFar)
	}
	if to.URL == "" {
		return answer{}, fail(http.StatusConflict, noLeader)
	}
	values.Set("forward", "true")
	if given {
		values.Set("forward", "false")
	}
	target := strings.TrimSuffix(to.URL, "/") + r.URL.EscapedPath() + "?" + values.Encode()
	res, err := s.send(ctx, r, target)
	if err != nil {
		return answer{}, fail(http.StatusInternalServerError, "IO Error trying to forward REST request: "+reason(err))
	}
	defer func() { _ = res.Body.Close() }() // read to its end, or given up
	a, err := s.relay(r, res)
	if err == nil && r.Method != http.MethodGet {
		s.Herder.CatchUp(ctx)
	}
	return a, err
}

// reason leaves out the URL that net/http puts before what went wrong.
func reason(err error) string {
	if u, is := errors.AsType[*url.Error](err); is {
		return u.Err.Error()
	}
	return err.Error()
}

func (s *api) send(ctx context.Context, r *request, target string) (*http.Response, error) {
	out, err := http.NewRequestWithContext(ctx, r.Method, target, bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	out.Header.Set("Accept", jsonType)
	out.Header.Set("User-Agent", "kafka-connect")
	if len(r.body) > 0 {
		out.Header.Set("Content-Type", jsonType)
	}
	for _, name := range []string{"Authorization", signatureHeader, algorithmHeader} {
		if v := r.Header.Get(name); v != "" {
			out.Header.Set(name, v)
		}
	}
	return s.forward.Do(out)
}

// relay turns the answer of another worker into ours.
func (s *api) relay(r *request, res *http.Response) (answer, error) {
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return answer{}, fail(http.StatusInternalServerError, "IO Error trying to forward REST request: "+err.Error())
	}
	switch {
	case res.StatusCode == http.StatusNoContent:
		return answer{status: res.StatusCode}, nil
	case res.StatusCode >= http.StatusBadRequest:
		var m message
		if err := json.Unmarshal(body, &m); err != nil || m.ErrorCode == 0 {
			return answer{}, fail(http.StatusInternalServerError, fmt.Sprintf("IO Error trying to forward REST request: the worker answered %d without an error of Kafka Connect", res.StatusCode))
		}
		return answer{}, fail(res.StatusCode, m.Message)
	case res.StatusCode < 200 || res.StatusCode > 299:
		return answer{}, fail(http.StatusInternalServerError, fmt.Sprintf("Unexpected status code when handling forwarded request: %d", res.StatusCode))
	case len(bytes.TrimSpace(body)) == 0:
		return answer{status: res.StatusCode}, nil
	case !json.Valid(body):
		return answer{}, fail(http.StatusInternalServerError, "IO Error trying to forward REST request: the worker's answer is not JSON")
	}
	a := answer{status: res.StatusCode, body: json.RawMessage(body)}
	if res.StatusCode == http.StatusCreated {
		var info struct {
			Name string `json:"name"`
		}
		if err := json.Unmarshal(body, &info); err == nil {
			at, err := created(r, herder.ConnectorInfo{Name: info.Name})
			if err != nil {
				return answer{}, err
			}
			a.header = at.header
		}
	}
	return a, nil
}
