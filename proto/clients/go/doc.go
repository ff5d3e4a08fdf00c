// Package fleetmeter is a client of Fleetmeter: it reports usage and outcomes, and asks about
// pools, headroom and the plan.
//
//	reporter, err := fleetmeter.NewReporter("127.0.0.1:7443", fleetmeter.Options{})
//	decision, err := reporter.Send(ctx, report)
//
// The messages are those of the protos, in fleetmeterpb; their comments are the specification.
package fleetmeter

//go:generate ./generate.sh
