package sources

import (
	"strings"

	"whence/correlate"
	"whence/correlate/arena"
)

// cloudtrailMaxCalls bounds how many services, and how many calls, a decoder
// remembers. AWS has some 10,000 calls; a trail shows a few hundred. Further ones
// are looked up again for every event.
const cloudtrailMaxCalls = 4096

// cloudtrailMaxName bounds the names that are remembered.
const cloudtrailMaxName = 128

// cloudtrailAPIs are the services that a decoder has met, by event source.
type cloudtrailAPIs struct {
	known map[string]*cloudtrailAPI
	calls int // of all of them

	// What is not remembered.
	otherService cloudtrailAPI
	otherCall    cloudtrailCall
}

// cloudtrailAPI is what the tables say of one service.
type cloudtrailAPI struct {
	name   string // the event source without its domain: s3
	rules  []cloudtrailRule
	params []*cloudtrailParam
	calls  map[string]*cloudtrailCall // by event name
}

// cloudtrailCall is what the tables say of one call.
type cloudtrailCall struct {
	action  string // s3:GetObject
	reads   bool   // by its name
	secrets bool   // hands out secrets of SSM, where they are to be decrypted
	class   correlate.Class
	ifReads correlate.Class // its class in an event that is read only
}

// find returns what is known of a call. What it returns is good until the next
// call of find.
func (s *cloudtrailAPIs) find(source, name string, mem *arena.Text) (*cloudtrailAPI, *cloudtrailCall) {
	service, ok := s.known[source]
	if !ok {
		service = s.meet(source)
	}
	call, ok := service.calls[name]
	if ok {
		return service, call
	}
	if service == &s.otherService || s.calls == cloudtrailMaxCalls || len(name) > cloudtrailMaxName {
		s.otherCall = service.call(name, mem.Join(service.name, ":", name))
		return service, &s.otherCall
	}
	s.calls++
	c := service.call(name, service.name+":"+name)
	service.calls[c.action[len(service.name)+1:]] = &c
	return service, &c
}

// meet looks up a service for the first time.
func (s *cloudtrailAPIs) meet(source string) *cloudtrailAPI {
	if len(s.known) == cloudtrailMaxCalls || len(source) > cloudtrailMaxName {
		s.otherService = newCloudtrailAPI(source)
		return &s.otherService
	}
	if s.known == nil {
		s.known = map[string]*cloudtrailAPI{}
	}
	source = strings.Clone(source)
	service := newCloudtrailAPI(source)
	service.calls = map[string]*cloudtrailCall{}
	s.known[source] = &service
	return &service
}

func newCloudtrailAPI(source string) cloudtrailAPI {
	name := cloudtrailService(source)
	return cloudtrailAPI{name: name, rules: cloudtrailClasses[name], params: cloudtrailParamsOf(name)}
}

func (s *cloudtrailAPI) call(name, action string) cloudtrailCall {
	return cloudtrailCall{
		action: action, reads: cloudtrailReads(name),
		secrets: s.name == "ssm" && strings.HasPrefix(name, "GetParameter"),
		class:   s.class(name, false), ifReads: s.class(name, true),
	}
}

// class is that of a call by its name.
func (s *cloudtrailAPI) class(name string, readOnly bool) correlate.Class {
	for i := range s.rules {
		if r := &s.rules[i]; r.fits(name, readOnly) {
			return r.class
		}
	}
	switch {
	case cloudtrailAnyService.fits(name, readOnly):
		return correlate.Admin
	case readOnly:
		return correlate.Read
	}
	return correlate.Write
}

// cloudtrailReads reports whether the name of a call says that it only reads.
func cloudtrailReads(name string) bool {
	for _, verb := range cloudtrailReadVerbs {
		if strings.HasPrefix(name, verb) {
			return true
		}
	}
	return false
}

// cloudtrailService is an event source without its domain.
func cloudtrailService(source string) string {
	return strings.TrimSuffix(strings.TrimSuffix(source, ".cn"), ".amazonaws.com")
}

// cloudtrailTypes are the resource types that a decoder has met, as AWS spells
// them, and as we do: AWS::S3::Object is aws.s3.object. Further ones than fit are
// spelled anew every time.
type cloudtrailTypes map[string]string

func (t *cloudtrailTypes) find(spelt string) string {
	kind, ok := (*t)[spelt]
	if ok {
		return kind
	}
	kind = strings.ToLower(strings.ReplaceAll(spelt, "::", "."))
	if len(*t) < cloudtrailMaxCalls && len(spelt) <= cloudtrailMaxName {
		if *t == nil {
			*t = cloudtrailTypes{}
		}
		kind = strings.Clone(kind) // it may be spelt itself
		(*t)[strings.Clone(spelt)] = kind
	}
	return kind
}
