package protobuf

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// The messages that stand for types of Connect.
const (
	decimalType   = "confluent.type.Decimal"
	variantType   = "confluent.type.Variant"
	dateType      = "google.type.Date"
	timeType      = "google.type.TimeOfDay"
	timestampType = "google.protobuf.Timestamp"

	metaLocation = "confluent/meta.proto"
	metaNumber   = 1088 // of the option confluent.field_meta
)

// locations are the files that define them.
var locations = map[string]string{
	decimalType: "confluent/type/decimal.proto", dateType: "google/type/date.proto",
	timeType: "google/type/timeofday.proto", timestampType: "google/protobuf/timestamp.proto",
}

const wrapperLocation = "google/protobuf/wrappers.proto"

// wrapped are the messages of google.protobuf that hold one value each, in the
// order of their file, with the type of the value.
var wrapped = []struct{ message, value string }{
	{"DoubleValue", "double"},
	{"FloatValue", "float"},
	{"Int64Value", "int64"},
	{"UInt64Value", "uint64"},
	{"Int32Value", "int32"},
	{"UInt32Value", "uint32"},
	{"BoolValue", "bool"},
	{"StringValue", "string"},
	{"BytesValue", "bytes"},
}

// isWrapper reports whether the message is one of them.
func isWrapper(full protoreflect.FullName) bool {
	name, ok := strings.CutPrefix(string(full), "google.protobuf.")
	if !ok {
		return false
	}
	for _, w := range wrapped {
		if w.message == name {
			return true
		}
	}
	return false
}

// wrappersText is the schema that is registered for data that is one value.
func wrappersText() string {
	var b strings.Builder
	b.WriteString(`syntax = "proto3";
package google.protobuf;

option java_package = "com.google.protobuf";
option java_outer_classname = "WrappersProto";
option java_multiple_files = true;
option go_package = "google.golang.org/protobuf/types/known/wrapperspb";
option cc_enable_arenas = true;
option objc_class_prefix = "GPB";
option csharp_namespace = "Google.Protobuf.WellKnownTypes";

`)
	for _, w := range wrapped {
		b.WriteString("message " + w.message + " {\n  " + w.value + " value = 1 [json_name = \"value\"];\n}\n")
	}
	return b.String()
}

// sources are the files that schemas may import without a reference, beside those
// of Protobuf itself.
var sources = map[string]string{
	metaLocation: `syntax = "proto3";
package confluent;
import "google/protobuf/descriptor.proto";
message Meta { string doc = 1; map<string, string> params = 2; repeated string tags = 3; repeated Rule rules = 4; }
message Rule { string name = 1; string doc = 2; string expr = 3; string sql = 4; }
extend google.protobuf.FileOptions { Meta file_meta = 1088; }
extend google.protobuf.MessageOptions { Meta message_meta = 1088; }
extend google.protobuf.FieldOptions { Meta field_meta = 1088; }
extend google.protobuf.EnumOptions { Meta enum_meta = 1088; }
extend google.protobuf.EnumValueOptions { Meta enum_value_meta = 1088; }
`,
	"confluent/type/decimal.proto": `syntax = "proto3";
package confluent.type;
message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }
`,
	"google/type/date.proto": `syntax = "proto3";
package google.type;
message Date { int32 year = 1; int32 month = 2; int32 day = 3; }
`,
	"google/type/timeofday.proto": `syntax = "proto3";
package google.type;
message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }
`,
}
