package protobuf

import (
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"sluice/connect"
	"sluice/connect/schema"
)

func (r *reader) messageField(f *fieldNode, fd protoreflect.FieldDescriptor) (*schema.Schema, error) {
	md := fd.Message()
	var s *schema.Schema
	f.logical = string(md.FullName())
	switch f.logical {
	case decimalType:
		given := params(fd)
		scale, err := strconv.ParseInt(given["scale"], 10, 32)
		if err != nil {
			scale = 0 // as the original
		}
		s = schema.DecimalOf(int32(scale))
		if precision, err := strconv.Atoi(given["precision"]); err == nil {
			putParameter(s, connectPrecision, strconv.Itoa(precision))
		}
	case dateType:
		s = schema.Date()
	case timeType:
		s = schema.Time()
	case timestampType:
		s = schema.Timestamp()
	case variantType:
		return nil, connect.DataErrorf("Sluice does not support the variant type %s", variantType)
	default:
		f.logical = ""
		return r.plainMessage(f, md)
	}
	s.Optional = true
	return s, nil
}

func (r *reader) plainMessage(f *fieldNode, md protoreflect.MessageDescriptor) (*schema.Schema, error) {
	if (r.Wrappers || r.RawWrappers) && isWrapper(md.FullName()) {
		fd := md.Fields().ByName("value")
		s, err := r.scalar(fd)
		if err != nil {
			return nil, err
		}
		s.Parameters, s.Optional = nil, true
		f.wrapper, f.kind = true, fd.Kind()
		f.fallback = zero(fd, s)
		return s, nil
	}
	if f.repeated && isEntry(md) {
		return r.mapField(f, md)
	}
	n, err := r.message(md)
	if err != nil {
		return nil, err
	}
	f.inner = n
	n.schema.Optional = true
	return n.schema, nil
}

// isEntry reports whether a repeated message stands for the entries of a map.
func isEntry(md protoreflect.MessageDescriptor) bool {
	fields := md.Fields()
	return strings.HasSuffix(string(md.Name()), mapSuffix) && fields.Len() == 2 &&
		fields.Get(0).Name() == "key" && fields.Get(1).Name() == "value" &&
		fields.Get(0).Cardinality() != protoreflect.Repeated && fields.Get(1).Cardinality() != protoreflect.Repeated
}

func (r *reader) mapField(f *fieldNode, md protoreflect.MessageDescriptor) (*schema.Schema, error) {
	f.entries = true
	f.inner = &node{fields: map[protowire.Number]*fieldNode{}, schema: &schema.Schema{Type: schema.StructType}}
	s := &schema.Schema{Type: schema.Map, Name: toMapField(r.nameOf(md)), Optional: true}
	for i, into := range []**schema.Schema{&s.Key, &s.Elem} {
		part, ps, err := r.field(md.Fields().Get(i), false)
		if err != nil {
			return nil, err
		}
		if part.absent == isNull && part.inner != nil {
			part.absent = isEmpty // getField of a message that is not there
		}
		part.at, part.member = i, -1
		f.inner.add(part)
		*into = ps
		f.inner.schema.Fields = append(f.inner.schema.Fields, schema.Field{Name: part.name, Schema: ps})
	}
	return s, nil
}
