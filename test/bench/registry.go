package main

import (
	"encoding/json"
	"net"
	"net/http"
	"time"
)

// registry serves as much of a schema registry as one schema needs, and returns
// its URL. It ends with the process.
func registry() string {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return "http://127.0.0.1:1/" // its scenario will say that nobody answers
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /subjects/{subject}/versions", func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
		w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
		_, _ = w.Write([]byte(`{"id":1}`)) // a client that went away says so itself
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(l) }()
	return "http://" + l.Addr().String()
}
