package rest

import (
	"reflect"
	"slices"
	"sync/atomic"

	"sluice/internal/herder"
)

// fragments keeps the encoded infos between two lists of all connectors, most of
// which have not changed: monitors ask every few seconds.
type fragments struct {
	kept atomic.Pointer[map[string]fragment] // never changed once it is here
	size atomic.Int64                        // of the last list, in bytes
}

type fragment struct {
	info herder.ConnectorInfo
	body []byte
}

// holds reports whether the fragment shows the connector as it is. The configuration
// in a snapshot never changes, so the same map has the same content.
func (f fragment) holds(info herder.ConnectorInfo) bool {
	return f.body != nil && f.info.Type == info.Type && slices.Equal(f.info.Tasks, info.Tasks) &&
		reflect.ValueOf(f.info.Config).UnsafePointer() == reflect.ValueOf(info.Config).UnsafePointer()
}

// list starts a list: look returns the body of a connector, made by encode where it
// is not known, and end keeps those that were asked for.
func (f *fragments) list(encode func(herder.ConnectorInfo) []byte) (look func(herder.ConnectorInfo) []byte, end func()) {
	old := map[string]fragment{}
	if kept := f.kept.Load(); kept != nil {
		old = *kept
	}
	next, changed := make(map[string]fragment, len(old)), false
	look = func(info herder.ConnectorInfo) []byte {
		found := old[info.Name]
		if !found.holds(info) {
			found, changed = fragment{info, encode(info)}, true
		}
		next[info.Name] = found
		return found.body
	}
	return look, func() {
		if changed || len(next) != len(old) {
			f.kept.Store(&next)
		}
	}
}
