package protobuf

import (
	"context"
	"errors"
	"strings"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"sluice/converters/internal/registry"
)

const rootFile = "\x00schema.proto"

// parseSchema reads a schema of the registry with its references.
func parseSchema(s *registry.Schema) (protoreflect.FileDescriptor, error) {
	files := map[string]string{rootFile: withMeta(s.Text)}
	err := s.Walk(func(r *registry.Reference) error {
		files[r.Name] = withMeta(r.Schema.Text)
		return nil
	})
	if err != nil {
		return nil, err
	}
	resolver := protocompile.ResolverFunc(func(path string) (protocompile.SearchResult, error) {
		text, ok := files[path]
		if !ok {
			text, ok = sources[path]
		}
		if !ok {
			return protocompile.SearchResult{}, protoNotFound(path)
		}
		return protocompile.SearchResult{Source: strings.NewReader(text)}, nil
	})
	compiler := protocompile.Compiler{Resolver: protocompile.WithStandardImports(resolver), MaxParallelism: 1}
	// Nothing is read from outside the process: there is no call to end.
	out, err := compiler.Compile(context.Background(), rootFile) //nolint:forbidigo // See above.
	if err != nil {
		return nil, errors.New(strings.ReplaceAll(err.Error(), rootFile, "schema"))
	}
	return out.FindFileByPath(rootFile), nil
}

type protoNotFound string

func (p protoNotFound) Error() string {
	return "the schema imports " + string(p) + ", which is none of its references"
}

// withMeta adds the import of the options that hold Connect's properties, which
// the original's schemas leave out.
func withMeta(text string) string {
	if strings.Contains(text, "(confluent.") && !strings.Contains(text, `"`+metaLocation+`"`) {
		return text + "\nimport \"" + metaLocation + "\";\n"
	}
	return text
}

// params returns what the option confluent.field_meta of a field says.
func params(fd protoreflect.FieldDescriptor) map[string]string {
	options := fd.Options()
	if options == nil {
		return nil
	}
	b, err := proto.Marshal(options)
	if err != nil {
		return nil
	}
	out := map[string]string{}
	each(b, func(number protowire.Number, v []byte) {
		if number != metaNumber {
			return
		}
		each(v, func(number protowire.Number, entry []byte) {
			if number != 2 {
				return
			}
			var key, value string
			each(entry, func(number protowire.Number, text []byte) {
				if number == 1 {
					key = string(text)
				} else {
					value = string(text)
				}
			})
			out[key] = value
		})
	})
	return out
}

// each calls visit for the fields of a message that have a length.
func each(b []byte, visit func(number protowire.Number, v []byte)) {
	for len(b) > 0 {
		number, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return
		}
		b = b[n:]
		if typ == protowire.BytesType {
			v, n := protowire.ConsumeBytes(b)
			if n < 0 {
				return
			}
			visit(number, v)
			b = b[n:]
			continue
		}
		if n = protowire.ConsumeFieldValue(number, typ, b); n < 0 {
			return
		}
		b = b[n:]
	}
}

// messageAt returns the message that the indexes lead to, or nil.
func messageAt(file protoreflect.FileDescriptor, path []int) protoreflect.MessageDescriptor {
	messages := file.Messages()
	var found protoreflect.MessageDescriptor
	for _, i := range path {
		if i < 0 || i >= messages.Len() {
			return nil
		}
		found = messages.Get(i)
		messages = found.Messages()
	}
	return found
}

// appendIndexes appends the path of a message: the one number 0 for the first
// message, else its length and its numbers, all as zigzag varints.
func appendIndexes(dst []byte, md protoreflect.MessageDescriptor) []byte {
	var path []int
	for d := protoreflect.Descriptor(md); ; d = d.Parent() {
		m, ok := d.(protoreflect.MessageDescriptor)
		if !ok {
			break
		}
		path = append([]int{m.Index()}, path...)
	}
	if len(path) == 1 && path[0] == 0 {
		return append(dst, 0)
	}
	dst = protowire.AppendVarint(dst, protowire.EncodeZigZag(int64(len(path))))
	for _, i := range path {
		dst = protowire.AppendVarint(dst, protowire.EncodeZigZag(int64(i)))
	}
	return dst
}

const deepest = 100

var errIndexes = errors.New("the bytes end within the message indexes, or there are too many of them")

// takeIndexes reads the path of a message.
func takeIndexes(b []byte) (path []int, rest []byte, err error) {
	next := func() int64 {
		u, n := protowire.ConsumeVarint(b)
		if n < 0 {
			err = errIndexes
			return 0
		}
		b = b[n:]
		return protowire.DecodeZigZag(u)
	}
	count := next()
	switch {
	case err != nil:
		return nil, nil, err
	case count == 0:
		return []int{0}, b, nil
	case count < 0 || count > deepest:
		return nil, nil, errIndexes
	}
	for range count {
		path = append(path, int(next()))
	}
	return path, b, err
}
