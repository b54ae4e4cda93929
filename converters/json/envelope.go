package json

import (
	"bytes"

	"sluice/connect"
	"sluice/connect/schema"
)

func (c *codec) decode(raw []byte, arena *schema.Arena) (connect.Data, error) {
	if raw == nil {
		return connect.Data{}, nil
	}
	raw, err := toUTF8(raw)
	if err != nil {
		return connect.Data{}, notJSON(err)
	}
	d := &c.dec
	d.reset(raw, arena)
	// Neither the record nor its arena outlives the call here.
	defer d.reset(nil, nil)
	var data connect.Data
	switch {
	case !c.schemas:
		data.Value, err = d.root(nil)
	case c.content != nil:
		data.Schema = c.content
		data.Value, err = d.root(c.content)
	default:
		data, err = c.envelope(raw)
	}
	if err != nil {
		if isSyntax(err) {
			err = notJSON(err)
		}
		return connect.Data{}, err
	}
	return data, nil
}

// root reads the one value of a record, which may be missing.
func (d *decoder) root(s *schema.Schema) (schema.Value, error) {
	if d.missing() {
		return d.convert(s, jsonMissing)
	}
	return d.value(s)
}

// envelope reads {"schema":...,"payload":...}. Most records begin with the same
// schema as the one before: then comparing the bytes is all there is to do.
func (c *codec) envelope(raw []byte) (connect.Data, error) {
	d := &c.dec
	if c.seen != nil && bytes.HasPrefix(raw, c.seen) {
		d.pos, d.depth = len(c.seen), 1
		v, failed, err := d.member(c.seenSchema)
		if err != nil {
			return connect.Data{}, err
		}
		if d.missing() || d.raw[d.pos] != ',' {
			_, err = d.next('}')
			if err == nil {
				err = failed
			}
			return connect.Data{Schema: c.seenSchema, Value: v}, err
		}
		d.reset(raw, d.arena)
	}
	return c.wholeEnvelope()
}

func noEnvelope() error {
	return connect.DataErrorf("JsonConverter with schemas.enable requires \"schema\" and \"payload\" fields and may not contain additional fields. " +
		"If you are trying to deserialize plain JSON data, set schemas.enable=false in your converter configuration.")
}

// part is where a member's value stands in the record.
type part struct{ from, to int }

func (c *codec) wholeEnvelope() (connect.Data, error) {
	d := &c.dec
	if d.missing() {
		return connect.Data{}, noEnvelope()
	}
	if k, err := d.peek(); err != nil {
		return connect.Data{}, err
	} else if k != jsonObject {
		if err := d.skip(); err != nil {
			return connect.Data{}, err
		}
		return connect.Data{}, noEnvelope()
	}
	var described, payload part
	others, members := false, 0
	more, err := d.open('}')
	for more && err == nil {
		var name []byte
		if name, err = d.name(); err != nil {
			return connect.Data{}, err
		}
		d.space()
		p := part{from: d.pos}
		if err = d.skip(); err != nil {
			return connect.Data{}, err
		}
		p.to = d.pos
		switch string(name) {
		case "schema":
			described = p
		case "payload":
			payload = p
		default:
			others = true
		}
		members++
		more, err = d.next('}')
	}
	switch {
	case err != nil:
		return connect.Data{}, err
	case others || described.to == 0 || payload.to == 0:
		return connect.Data{}, noEnvelope()
	}
	s, err := c.schemaOf(d.raw[described.from:described.to])
	if err != nil {
		return connect.Data{}, err
	}
	if members == 2 && described.from < payload.from {
		c.seen, c.seenSchema = append(c.seen[:0], d.raw[:payload.from]...), s
	}
	d.pos, d.depth = payload.from, 1
	v, err := d.value(s)
	return connect.Data{Schema: s, Value: v}, err
}
