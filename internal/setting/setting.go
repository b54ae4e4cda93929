// Package setting is the table of a worker's own properties: every key of the
// worker files of Kafka Connect 4.3.1, in standalone and distributed mode, and
// Sluice's. It says which keys there are, what their values must be, and which
// keys of a file nobody knows.
//
// It never reads a file and never acts on a value. Who needs some of the keys
// decodes them from the table: config.Decode[T](setting.Keys("name", ...), m). Start
// reading at Def; the rows are in worker.go, rest.go, distributed.go, tls.go,
// sasl.go, standalone.go and own.go.
package setting

import (
	"errors"
	"slices"
	"strings"

	"sluice/connect/config"
)

// Mode is how a worker runs.
type Mode uint8

// The two modes.
const (
	Standalone Mode = iota
	Distributed
)

// Def returns the table for the mode, in Java's order, with Sluice's own keys at
// the end. The caller owns it.
func Def(mode Mode) config.Def {
	d := slices.Concat(workerKeys(), tlsKeys(), trackingKeys(), restKeys())
	if mode == Distributed {
		d = slices.Concat(d, groupKeys(), clientKeys(), saslKeys(), storageKeys(), protocolKeys())
	} else {
		d = slices.Concat(d, standaloneKeys())
	}
	return append(d, ownKeys()...)
}

// Keys returns the rows of the named keys, for a part of the worker that needs no
// more. A name that is in no table panics: it is a mistake in the program.
func Keys(names ...string) config.Def {
	all := config.Join(Def(Standalone), Def(Distributed))
	d := make(config.Def, len(names))
	for i, name := range names {
		k, ok := all.Find(name)
		if !ok {
			panic("setting: no table has the key " + name) //nolint:forbidigo // A mistake in the program, as the doc comment says.
		}
		d[i] = k
	}
	return d
}

// Check returns all that is wrong with the properties of a worker, each with
// Java's text, which names key and value; nil where they can be used. A key that
// has to be there and is blank counts as missing. resolve finds the full name of
// the class that a converter's key names; nil takes every name.
func Check(mode Mode, m config.Map, resolve func(class string) (string, bool)) error {
	d := Def(mode)
	var errs []error
	for i, k := range d {
		if k.Required && config.Trim(m[k.Name]) == "" {
			errs = append(errs, config.Errorf("Missing required configuration %q which has no default value.", k.Name))
			d[i].Required, d[i].Validator = false, nil
			continue
		}
		if k.Type == config.Class && resolve != nil && strings.HasSuffix(k.Name, ".converter") {
			d[i].Resolve = resolve
		}
		if unique, ok := k.Validator.(config.UniqueList); ok {
			unique.RepeatsAllowed = true // as for Java's worker, which drops them
			d[i].Validator = unique
		}
	}
	values := d.Validate(m.Raw())
	for _, v := range values {
		if v.Value == nil && len(v.Errors) > 1 {
			v.Errors = v.Errors[:1] // that a value which is none is not in a range says nothing
		}
		for _, text := range v.Errors {
			errs = append(errs, &config.Error{Message: text})
		}
	}
	switch {
	case len(errs) > 0:
	case mode == Distributed:
		errs = append(errs, checkKeys(values))
	default:
		errs = append(errs, checkStandalone(m))
	}
	return errors.Join(errs...)
}

// Unknown returns the keys of a worker's properties, sorted, that mean nothing to
// any part of a worker: they are not in the table, do not begin with the prefix
// of a part that looks at its own keys, and are none that a Kafka client takes
// from the top level.
func Unknown(mode Mode, m config.Map, clientKey func(name string) bool) []string {
	return slices.DeleteFunc(Def(mode).Unknown(m), func(name string) bool {
		return slices.ContainsFunc(prefixes(mode), func(p string) bool { return strings.HasPrefix(name, p) }) || clientKey(name) || slices.Contains(ofOtherMode(mode), name)
	})
}

// prefixes begin keys that belong to a part of the worker with keys of its own.
func prefixes(mode Mode) []string {
	common := []string{
		"producer.", "consumer.", "admin.", "key.converter.", "value.converter.", "header.converter.", "config.providers.",
		"listeners.https.", "admin.listeners.https.", "metrics.context.", "connector.client.config.override.", "topic.creation.",
	}
	if mode == Distributed {
		return append(common, "config.storage.", "offset.storage.", "status.storage.")
	}
	return common
}

// ofOtherMode are keys that a file may well have for the other mode: connectors
// and packages of Kafka share one file for both.
func ofOtherMode(mode Mode) []string {
	other := Distributed
	if mode == Distributed {
		other = Standalone
	}
	var names []string
	for _, k := range Def(other) {
		if _, here := Def(mode).Find(k.Name); !here {
			names = append(names, k.Name)
		}
	}
	return names
}
