package rest

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"

	"sluice/connect/config"
)

// defaultPort is the port of the API where listeners is not set.
const defaultPort = 8083

// Listener is an open listener of the API with the address that the worker
// gives itself.
type Listener struct {
	net.Listener
	// WorkerID is the advertised host:port, which answers show as worker_id.
	WorkerID string
	// URL is the advertised URL, with a slash at the end.
	URL string
}

// Listen opens the first of the worker's listeners and works out the advertised
// address from it and the keys rest.advertised.host.name and .port. The error
// names the key, its value, and what would be right.
func Listen(ctx context.Context, settings config.Map) (*Listener, error) {
	given := settings["listeners"]
	first, _, _ := strings.Cut(given, ",")
	first = config.Trim(first)
	if first == "" {
		first = "http://:" + strconv.Itoa(defaultPort)
	}
	u, err := url.Parse(first)
	if err != nil || u.Host == "" || u.Path != "" && u.Path != "/" {
		return nil, fmt.Errorf("listeners=%s is not a list of URLs such as http://127.0.0.1:%d", given, defaultPort)
	}
	if !strings.EqualFold(u.Scheme, "http") {
		return nil, fmt.Errorf("listeners=%s: only http is available in this version, such as http://127.0.0.1:%d", given, defaultPort)
	}
	address := u.Host
	if u.Port() == "" {
		address = net.JoinHostPort(u.Hostname(), strconv.Itoa(defaultPort))
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listeners=%s: %w (is another worker running there? choose a free port)", first, err)
	}
	host, port, err := advertised(settings, u.Hostname(), l.Addr())
	if err != nil {
		_ = l.Close()
		return nil, err
	}
	id := net.JoinHostPort(host, port)
	return &Listener{Listener: l, WorkerID: id, URL: "http://" + id + "/"}, nil
}

func advertised(settings config.Map, host string, bound net.Addr) (string, string, error) {
	_, port, err := net.SplitHostPort(bound.String())
	if err != nil {
		return "", "", fmt.Errorf("address %s of the listener: %w", bound, err)
	}
	if p := config.Trim(settings["rest.advertised.port"]); p != "" {
		n, err := strconv.Atoi(p)
		if err != nil || n < 1 || n > 65535 {
			return "", "", fmt.Errorf("rest.advertised.port=%s is not a port from 1 to 65535", p)
		}
		port = p
	}
	if h := config.Trim(settings["rest.advertised.host.name"]); h != "" {
		return h, port, nil
	}
	if host == "" || host == "0.0.0.0" || host == "::" {
		if host, err = os.Hostname(); err != nil {
			return "", "", fmt.Errorf("name of this machine, which rest.advertised.host.name is not set to replace: %w", err)
		}
	}
	return host, port, nil
}
