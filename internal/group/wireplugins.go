package group

import (
	"bytes"
	"encoding/binary"
)

// pluginsMark begins the list of plugins behind the metadata that Java knows. Java
// workers ignore what follows their fields, see the ADR 20261125-plugins-in-mixed-groups.
var pluginsMark = []byte("sluice\x01")

// appendPlugins appends the classes of a worker's plugins, which are sorted: each as
// how much of the one before it begins with, and the rest. nil says nothing.
func appendPlugins(b []byte, classes []string) []byte {
	if classes == nil {
		return b
	}
	b = append(b, pluginsMark...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(classes)))
	before := ""
	for _, class := range classes {
		shared := 0
		for shared < min(len(before), len(class), 255) && before[shared] == class[shared] {
			shared++
		}
		b = append(b, byte(shared))
		b = appendString(b, class[shared:])
		before = class
	}
	return b
}

// readPlugins reads what appendPlugins appends; nil where the bytes are another's.
func readPlugins(b []byte) []string {
	rest, ok := bytes.CutPrefix(b, pluginsMark)
	if !ok {
		return nil
	}
	r := reader{rest: rest}
	out, before := []string{}, ""
	for n := int(uint16(r.int16())); n > 0; n-- {
		shared := int(r.take(1)[0])
		suffix := r.string()
		if r.err != nil || shared > len(before) {
			return nil
		}
		before = before[:shared] + suffix
		out = append(out, before)
	}
	if r.err != nil {
		return nil
	}
	return out
}
