package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strconv"
	"strings"

	"sluice/connect/schema"
	jsonconverter "sluice/converters/json"
	"sluice/internal/store"
)

type offset struct {
	Partition json.RawMessage `json:"partition"`
	Offset    json.RawMessage `json:"offset"`
}

type offsets struct {
	Offsets []offset `json:"offsets"`
}

type textBody struct {
	Message string `json:"message"`
}

func (s *api) offsets(r *request) (answer, error) {
	found, err := s.Herder.Offsets(r.Context(), r.names[0])
	if err != nil {
		return answer{}, err
	}
	body := offsets{make([]offset, len(found))}
	for i, o := range found {
		if body.Offsets[i].Partition, err = jsonconverter.AppendSchemaless(nil, o.Partition); err != nil {
			return answer{}, fmt.Errorf("source partition of an offset of %s: %w", r.names[0], err)
		}
		if body.Offsets[i].Offset, err = jsonconverter.AppendSchemaless(nil, o.Offset); err != nil {
			return answer{}, fmt.Errorf("source offset of %s: %w", r.names[0], err)
		}
	}
	return ok(body)
}

func (s *api) alterOffsets(r *request) (answer, error) {
	list, err := readOffsets(r.body)
	if err != nil {
		return answer{}, err
	}
	message, err := s.Herder.AlterOffsets(r.Context(), r.names[0], list)
	return answer{status: http.StatusOK, body: textBody{message}}, err
}

func (s *api) resetOffsets(r *request) (answer, error) {
	message, err := s.Herder.ResetOffsets(r.Context(), r.names[0])
	return answer{status: http.StatusOK, body: textBody{message}}, err
}

// readOffsets reads the body of a change of offsets. Of two entries for one
// partition the last counts.
func readOffsets(body []byte) ([]store.Offset, error) {
	m, err := members(body, part{"", "a JSON object with offsets"})
	if err != nil {
		return nil, err
	}
	for field := range m {
		if field != "offsets" {
			return nil, fail(http.StatusBadRequest, "unknown field \""+field+"\" in the request body: offsets is possible")
		}
	}
	var items []json.RawMessage
	if raw := m["offsets"]; raw != nil {
		p := part{"offsets", "a JSON array of objects with partition and offset"}
		if err := p.parse(raw, '[', &items); err != nil && string(raw) != "null" {
			return nil, err
		}
	}
	if len(items) == 0 {
		return nil, fail(http.StatusBadRequest, "Partitions / offsets need to be provided for an alter offsets request")
	}
	var all []store.Offset
	for i, item := range items {
		o, err := readOffset(item, i)
		if err != nil {
			return nil, err
		}
		all = appendLast(all, o)
	}
	return all, nil
}

func appendLast(all []store.Offset, o store.Offset) []store.Offset {
	for i := range all {
		if all[i].Partition.Equal(o.Partition) {
			all[i].Offset = o.Offset
			return all
		}
	}
	return append(all, o)
}

func readOffset(item json.RawMessage, index int) (store.Offset, error) {
	at := "offsets[" + strconv.Itoa(index) + "]"
	var o store.Offset
	m, err := members(item, part{at, "a JSON object with partition and offset"})
	if err != nil {
		return o, err
	}
	for field, raw := range m {
		to := &o.Partition
		switch field {
		case "partition":
		case "offset":
			to = &o.Offset
		default:
			return o, fail(http.StatusBadRequest, "unknown field \""+field+"\" in "+at+": partition and offset are possible")
		}
		p := part{at + "." + field, "a JSON object or null"}
		if raw[0] != '{' && raw[0] != 'n' {
			return o, p.wrong(kindOf(raw))
		}
		if *to, err = readValue(raw); err != nil {
			return o, p.wrong("not readable")
		}
	}
	return o, nil
}

// readValue reads JSON as a value. Members keep their order, and integers beyond
// 64 bits stay exact, as decimals.
func readValue(raw []byte) (schema.Value, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return value(d)
}

func value(d *json.Decoder) (schema.Value, error) {
	token, err := d.Token()
	if err != nil {
		return schema.Value{}, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '[' {
			return listValue(d)
		}
		return mapValue(d)
	case string:
		return schema.StringValue(t), nil
	case bool:
		return schema.BooleanValue(t), nil
	case json.Number:
		return number(string(t))
	default:
		return schema.Null(), nil
	}
}

func number(text string) (schema.Value, error) {
	if strings.ContainsAny(text, ".eE") {
		f, _ := strconv.ParseFloat(text, 64) // beyond the range an infinity, as in Java
		return schema.Float64Value(f), nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return schema.Int64Value(n), nil
	}
	n, fine := new(big.Int).SetString(text, 10)
	if !fine {
		return schema.Value{}, fmt.Errorf("%s is not a number", text)
	}
	return schema.DecimalValue(&schema.Decimal{Unscaled: n}), nil
}

func listValue(d *json.Decoder) (schema.Value, error) {
	items := []schema.Value{}
	for d.More() {
		item, err := value(d)
		if err != nil {
			return schema.Value{}, err
		}
		items = append(items, item)
	}
	_, err := d.Token()
	return schema.ListValue(items), err
}

func mapValue(d *json.Decoder) (schema.Value, error) {
	entries := []schema.Entry{}
	places := map[string]int{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return schema.Value{}, err
		}
		item, err := value(d)
		if err != nil {
			return schema.Value{}, err
		}
		key, _ := token.(string)
		if at, twice := places[key]; twice {
			entries[at].Value = item
			continue
		}
		places[key] = len(entries)
		entries = append(entries, schema.Entry{Key: schema.StringValue(key), Value: item})
	}
	_, err := d.Token()
	return schema.MapValue(entries), err
}
