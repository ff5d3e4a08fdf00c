// Drives the Go module for go_module_test.py: reports made-up usage as fast as it goes, or asks.
// Prints lines of JSON. Every 17th report names a pool that there is not.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"math/rand"
	"os"
	"time"

	"fleetmeter.internal/go"
	pb "fleetmeter.internal/go/fleetmeterpb"
)

const second = int64(time.Second)

type group struct {
	State         string `json:"state"`
	Chip          string `json:"chip"`
	Pool          string `json:"pool"`
	Team          string `json:"team"`
	Workload      string `json:"workload"`
	Signal        string `json:"signal"`
	ChipNanos     int64  `json:"chip_nanos"`
	BusyChipNanos int64  `json:"busy_chip_nanos"`
}

type entry struct {
	Start    int64   `json:"start"`
	Length   int64   `json:"length"`
	Groups   []group `json:"groups"`
	Standing string  `json:"standing"`
	Reason   string  `json:"reason"`
	Detail   string  `json:"detail"`
}

var places = [][2]string{{"research-scaling", "laws"}, {"inference-consumer", "chat"},
	{"safety-evals", "evals"}}
var chips = []string{"b200", "trainium2", "tpu_v5p"}

func makeGroup(chance *rand.Rand, pools [][2]string) group {
	place := pools[chance.Intn(len(pools))]
	nanos := 1 + chance.Int63n(8*second)
	return group{"assigned", chips[chance.Intn(len(chips))], place[0], place[1],
		fmt.Sprintf("job-%d", chance.Intn(3)), "gr_engine_active", nanos, chance.Int63n(nanos + 1)}
}

func message(made entry, source string) *pb.UsageReport {
	report := &pb.UsageReport{Source: &source, WindowStartUnixNanos: &made.Start,
		WindowLengthNanos: &made.Length}
	for i := range made.Groups {
		each := &made.Groups[i]
		state := pb.ChipState_CHIP_STATE_ASSIGNED
		report.Groups = append(report.Groups, &pb.UsageGroup{Chip: &each.Chip, State: &state,
			Pool: &each.Pool, Team: &each.Team, Workload: &each.Workload, Signal: &each.Signal,
			Measure: &pb.UsageGroup_Sums{Sums: &pb.ChipSums{ChipNanos: &each.ChipNanos,
				BusyChipNanos: &each.BusyChipNanos}}})
	}
	return report
}

// Reports in batches of up to 40.
func reportMany(reporter *fleetmeter.Reporter, source string, reports int, chance *rand.Rand,
	pools [][2]string) error {
	start := time.Now().UnixNano() - 2*3_600*second
	out := json.NewEncoder(os.Stdout)
	for made := 0; made < reports; {
		var sent []entry
		var receipts []*fleetmeter.Receipt
		for n := 1 + chance.Intn(40); n > 0 && made < reports; n-- {
			each := entry{Start: start + int64(made)*second, Length: second}
			for g := 1 + chance.Intn(3); g > 0; g-- {
				each.Groups = append(each.Groups, makeGroup(chance, pools))
				if made%17 == 16 {
					each.Groups[len(each.Groups)-1].Pool = "no-such-pool"
				}
			}
			receipt, err := reporter.Submit(message(each, source))
			if err != nil {
				return err
			}
			sent, receipts = append(sent, each), append(receipts, receipt)
			made++
		}
		if err := reporter.Flush(context.Background()); err != nil {
			return err
		}
		for i, each := range sent {
			decision := receipts[i].Decision
			each.Standing, each.Reason = decision.Standing.String(), decision.Reason
			each.Detail = decision.Detail
			if err := out.Encode(each); err != nil {
				return err
			}
		}
	}
	return nil
}

// What the package says of one pool, and of one that there is not.
func ask(address string, security *fleetmeter.TLS) error {
	queries, err := fleetmeter.NewQueries(address, security)
	if err != nil {
		return err
	}
	defer queries.Close()
	ctx := context.Background()
	pools, err := queries.Pools(ctx)
	if err != nil {
		return err
	}
	supply, err := queries.Supply(ctx)
	if err != nil {
		return err
	}
	plan, err := queries.Plan(ctx)
	if err != nil {
		return err
	}
	beside, err := queries.PlanAgainstActual(ctx)
	if err != nil {
		return err
	}
	fits := map[string]fleetmeter.Fit{}
	for pool, h100e := range map[string]float64{"research-scaling": 1, "safety-evals": 1,
		"inference-consumer": 1_000} {
		if fits[pool], err = queries.CanAdmit(ctx, pool, h100e); err != nil {
			return err
		}
	}
	_, unknown := queries.Headroom(ctx, "research-scalin")
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"pools": len(pools.GetPools()),
		"sources": supply.GetKnownSources(), "plan": plan.GetBasis().GetPlan(),
		"categories": len(beside.GetCategories()), "fits": fits, "unknown": fmt.Sprint(unknown)})
}

func main() {
	ingest := flag.String("ingest", "", "report here")
	query := flag.String("query", "", "ask here")
	reports := flag.Int("reports", 1, "how many")
	seed := flag.Int64("seed", 1, "of the made-up usage")
	name := flag.String("name", "host-go", "the source")
	ca := flag.String("ca", "", "authorities")
	own := flag.String("own", "", "our certificate and key, up to .pem and -key.pem")
	daemon := flag.String("daemon-identity", "", "the daemon's SPIFFE ID")
	onlyOwn := flag.Bool("one-pool", false, "report for research-scaling and safety-evals only")
	timeout := flag.Duration("timeout", 0, "give up one report then, and say why")
	flag.Parse()
	var security *fleetmeter.TLS
	if *ca != "" {
		security = &fleetmeter.TLS{Authorities: *ca, DaemonIdentity: *daemon}
		if *own != "" {
			security.Certificate, security.Key = *own+".pem", *own+"-key.pem"
		}
	}
	if *query != "" {
		if err := ask(*query, security); err != nil {
			log.Fatal(err)
		}
		return
	}
	reporter, err := fleetmeter.NewReporter(*ingest, fleetmeter.Options{TLS: security,
		CallTimeout: 5 * time.Second, Logf: log.Printf})
	if err != nil {
		log.Fatal(err)
	}
	defer reporter.Close()
	chance := rand.New(rand.NewSource(*seed))
	if *timeout > 0 {
		ctx, cancel := context.WithTimeout(context.Background(), *timeout)
		defer cancel()
		made := entry{Start: time.Now().UnixNano() - 3_600*second, Length: second,
			Groups: []group{makeGroup(chance, places[:1])}}
		_, err := reporter.Send(ctx, message(made, *name))
		fmt.Printf("{\"gave_up\": %t, \"waiting\": %d}\n", errors.Is(err, context.DeadlineExceeded),
			reporter.Waiting())
		return
	}
	pools := places
	if *onlyOwn {
		pools = [][2]string{places[0], places[2]}
	}
	if err := reportMany(reporter, *name, *reports, chance, pools); err != nil {
		log.Fatal(err)
	}
}
