package rest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"sluice/connect/config"
	"sluice/tlsconfig"
)

// defaultPort is the port of the API where listeners is not set.
const defaultPort = 8083

const (
	listenersKey = "listeners"
	adminKey     = "admin.listeners"
)

// Server is the open listeners of the API with the address that the worker gives
// itself. Close it, or serve it and shut it down.
type Server struct {
	// WorkerID is the advertised host:port, which answers show as worker_id.
	WorkerID string
	// URL is the advertised URL, with a slash at the end.
	URL string

	settings settings
	main     []net.Listener
	admin    []net.Listener
	ownAdmin bool // admin.listeners is set: the admin routes are not on main
	forward  *http.Client
	servers  servers
}

// Listen reads the settings of the API from the worker's properties and opens the
// listeners: listeners and admin.listeners. The advertised address comes from
// them and the keys rest.advertised.*. An error names the key, its value, and what
// would be right; nothing is open then.
func Listen(ctx context.Context, values config.Map) (*Server, error) {
	set, err := readSettings(values)
	if err != nil {
		return nil, err
	}
	s := &Server{settings: set, servers: servers{main: newPhase(), admin: newPhase()}}
	if err := s.open(ctx, values); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Addresses returns the addresses that are listened on: those of listeners, then
// those of admin.listeners.
func (s *Server) Addresses() []string {
	var all []string
	for _, l := range slices.Concat(s.main, s.admin) {
		all = append(all, l.Addr().String())
	}
	return all
}

// Close closes what Shutdown has not: the listeners, and what Begin has started.
func (s *Server) Close() error {
	errs := []error{s.closeAll()}
	for _, l := range slices.Concat(s.main, s.admin) {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// endpoint is an element of listeners.
type endpoint struct {
	key, given string
	secure     bool
	host, port string
}

func (s *Server) open(ctx context.Context, values config.Map) error {
	given, isSet := values[listenersKey]
	if !isSet || config.Trim(given) == "" {
		given = "http://:" + strconv.Itoa(defaultPort)
	}
	regular, err := readEndpoints(listenersKey, given)
	if err != nil {
		return err
	}
	adminGiven, isSet := values[adminKey]
	s.ownAdmin = isSet
	admin, err := readEndpoints(adminKey, adminGiven)
	if err != nil {
		return err
	}
	if s.main, err = openAll(ctx, regular, values, "listeners.https."); err != nil {
		return err
	}
	if s.admin, err = openAll(ctx, admin, values, "admin.listeners.https."); err != nil {
		return err
	}
	if err := s.advertise(ctx, values, regular); err != nil {
		return err
	}
	transport := &http.Transport{Proxy: nil, DialContext: new(net.Dialer).DialContext}
	if strings.HasPrefix(s.URL, "https:") {
		if transport.TLSClientConfig, err = tlsconfig.Client(values, "listeners.https."); err != nil {
			return err
		}
	}
	s.forward = &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return nil
}

func readEndpoints(key, value string) ([]endpoint, error) {
	var all []endpoint
	for _, item := range list(value) {
		u, err := url.Parse(item)
		if err != nil || u.Host == "" || u.Path != "" && u.Path != "/" {
			return nil, fmt.Errorf("%s=%s is not a list of URLs such as http://127.0.0.1:%d", key, value, defaultPort)
		}
		e := endpoint{key: key, given: item, host: u.Hostname(), port: u.Port(), secure: strings.EqualFold(u.Scheme, "https")}
		if !e.secure && !strings.EqualFold(u.Scheme, "http") {
			return nil, fmt.Errorf("%s=%s: http and https are possible, such as http://127.0.0.1:%d", key, value, defaultPort)
		}
		if e.port == "" {
			e.port = strconv.Itoa(defaultPort)
		}
		all = append(all, e)
	}
	return all, nil
}

// openAll opens the endpoints; those of https with the keys ssl.*, or those below
// the prefix where there is one of them.
func openAll(ctx context.Context, endpoints []endpoint, values config.Map, prefix string) ([]net.Listener, error) {
	var open []net.Listener
	var secure *tls.Config
	for _, e := range endpoints {
		if e.secure && secure == nil {
			var err error
			if secure, err = tlsconfig.Server(values, prefix); err != nil {
				return open, err
			}
		}
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(e.host, e.port))
		if err != nil {
			return open, fmt.Errorf("%s=%s: %w (is another worker running there? choose a free port)", e.key, e.given, err)
		}
		if e.secure {
			l = tls.NewListener(l, secure)
		}
		open = append(open, l)
	}
	return open, nil
}

// advertise sets the address that the worker tells others: that of the first
// listener of the protocol in rest.advertised.listener, http before https where it
// is not set.
func (s *Server) advertise(ctx context.Context, values config.Map, endpoints []endpoint) error {
	at := 0
	secure := true
	for _, e := range endpoints {
		secure = secure && e.secure
	}
	switch protocol := strings.ToLower(config.Trim(values["rest.advertised.listener"])); protocol {
	case "":
	case "http", "https":
		secure = protocol == "https"
	default:
		return fmt.Errorf("rest.advertised.listener=%s is not http or https", protocol)
	}
	for at < len(endpoints)-1 && endpoints[at].secure != secure {
		at++
	}
	_, port, err := net.SplitHostPort(s.main[at].Addr().String())
	if err != nil {
		return fmt.Errorf("address %s of the listener: %w", s.main[at].Addr(), err)
	}
	if p := config.Trim(values["rest.advertised.port"]); p != "" {
		n, err := strconv.Atoi(p)
		if err != nil || n < 1 || n > 65535 {
			return fmt.Errorf("rest.advertised.port=%s is not a port from 1 to 65535", p)
		}
		port = p
	}
	host := config.Trim(values["rest.advertised.host.name"])
	if host == "" {
		if host, err = hostOf(ctx, endpoints[at].host); err != nil {
			return err
		}
	}
	s.WorkerID = net.JoinHostPort(host, port)
	s.URL = "http://" + s.WorkerID + "/"
	if secure {
		s.URL = "https://" + s.WorkerID + "/"
	}
	return nil
}

// hostOf returns the host of a listener, or an address of this machine for one
// that listens on all of them.
func hostOf(ctx context.Context, host string) (string, error) {
	if host != "" && host != "0.0.0.0" && host != "::" {
		return host, nil
	}
	name, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("name of this machine, which rest.advertised.host.name is not set to replace: %w", err)
	}
	if addresses, err := net.DefaultResolver.LookupIP(ctx, "ip4", name); err == nil && len(addresses) > 0 {
		return addresses[0].String(), nil
	}
	return name, nil
}
