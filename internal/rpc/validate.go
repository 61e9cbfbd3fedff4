package rpc

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/postwright/postwright/internal/fault"
)

// validator is what the input of a use case with rules of its own can do.
type validator interface{ Validate() error }

// check lists everything that is wrong with a message that the rules in the proto files, or PostgreSQL, object to.
func check(message proto.Message, input any) error {
	var faults fault.List
	if err := ruleFaults(&faults, message); err != nil {
		return fmt.Errorf("check the request against its proto file: %w", err)
	}
	search := nulSearch{faults: &faults}
	search.message(message.ProtoReflect())
	if faults.Err() == nil {
		return nil
	}
	if ruled, is := input.(validator); is {
		if err := ruled.Validate(); err != nil {
			f := fault.Of(err)
			faults.AddNew(f.Fields...)
			faults.AddMore(f.More)
		}
	}
	return faults.Err()
}

// ruleFaults adds what the rules in the proto files object to. Each violation weighs a thousand times what causes it, so a
// message that is wrong is looked at in pieces: the elements of its lists one by one.
func ruleFaults(faults *fault.List, message proto.Message) error {
	if protovalidate.Validate(message, protovalidate.WithFailFast()) == nil {
		return nil
	}
	reflected := message.ProtoReflect()
	lists := listsOfMessages(reflected.Descriptor())
	outside := protovalidate.FilterFunc(func(m protoreflect.Message, _ protoreflect.Descriptor) bool {
		return !slices.ContainsFunc(lists, func(list protoreflect.FieldDescriptor) bool { return list.Message() == m.Descriptor() })
	})
	if err := addViolations(faults, "", reflected.Descriptor(), protovalidate.Validate(message, protovalidate.WithFilter(outside))); err != nil {
		return err
	}
	for _, list := range lists {
		elements := reflected.Get(list).List()
		for i := range elements.Len() {
			violations := protovalidate.Validate(elements.Get(i).Message().Interface())
			if violations == nil {
				continue
			}
			if err := addViolations(faults, fmt.Sprintf("%s[%d].", list.JSONName(), i), list.Message(), violations); err != nil {
				return err
			}
		}
	}
	return nil
}

// listsOfMessages are the fields of a message that hold many others.
func listsOfMessages(message protoreflect.MessageDescriptor) (lists []protoreflect.FieldDescriptor) {
	for i := range message.Fields().Len() {
		if field := message.Fields().Get(i); field.IsList() && field.Message() != nil {
			lists = append(lists, field)
		}
	}
	return lists
}

// addViolations adds those that err holds, and returns every other error.
func addViolations(faults *fault.List, path string, message protoreflect.MessageDescriptor, err error) error {
	var violations *protovalidate.ValidationError
	if !errors.As(err, &violations) {
		return err
	}
	for i, v := range violations.Violations {
		if faults.Full() {
			faults.AddMore(len(violations.Violations) - i)
			break
		}
		faults.AddNew(fault.Field{
			Path:    path + jsonPath(protovalidate.FieldPathString(v.Proto.GetField())),
			Problem: problemOf(v, message),
		})
	}
	return nil
}

// problemOf is what a rule of a proto file says about a message; of an enum it says which values there are.
func problemOf(v *protovalidate.Violation, message protoreflect.MessageDescriptor) string {
	if strings.HasPrefix(v.Proto.GetRuleId(), "enum.") {
		var field protoreflect.FieldDescriptor
		for _, element := range v.Proto.GetField().GetElements() {
			field = message.Fields().ByNumber(protoreflect.FieldNumber(element.GetFieldNumber()))
			message = field.Message()
		}
		return enumProblem("", valuesOf(field.Enum()))
	}
	return strings.TrimPrefix(v.Proto.GetMessage(), "value ")
}

var underscored = regexp.MustCompile(`_[a-z]`)

// jsonPath writes the path of a field as JSON callers do: post.postType.
func jsonPath(path string) string {
	return underscored.ReplaceAllStringFunc(path, func(s string) string { return strings.ToUpper(s[1:]) })
}

// nulSearch finds the strings that PostgreSQL can't keep.
type nulSearch struct {
	at     fieldPath
	faults *fault.List
}

func (s *nulSearch) message(message protoreflect.Message) {
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		isText := field.Kind() == protoreflect.StringKind
		if !isText && field.Message() == nil || field.IsMap() {
			return true
		}
		if !field.IsList() {
			s.value(pathStep{field.JSONName(), -1}, value, isText)
			return true
		}
		for i := range value.List().Len() {
			s.value(pathStep{field.JSONName(), i}, value.List().Get(i), isText)
		}
		return true
	})
}

func (s *nulSearch) value(here pathStep, value protoreflect.Value, isText bool) {
	s.at = append(s.at, here)
	if !isText {
		s.message(value.Message())
	} else if strings.IndexByte(value.String(), 0) >= 0 {
		s.faults.AddNew(fault.Field{Path: s.at.String(), Problem: "must not contain NUL characters"})
	}
	s.at = s.at[:len(s.at)-1]
}
