//go:build go1.23

package ami_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"strings"
	"time"

	"example.org/libami/bindings/go/ami"
)

var ctx = context.Background()

// mockPBX starts the mock, which stands for an Asterisk here.
func mockPBX() (url string, stop func()) {
	command := exec.Command(os.Getenv("SCENARIO_MOCK"))
	in, _ := command.StdinPipe()
	out, _ := command.StdoutPipe()
	if err := command.Start(); err != nil {
		log.Fatal("SCENARIO_MOCK does not name the mock: ", err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	address := strings.Fields(strings.TrimPrefix(line, "listening on "))[0]
	return "ami://admin:secret@" + address, func() {
		in.Close()
		_ = command.Wait()
	}
}

func ExampleDial() {
	url, stop := mockPBX()
	defer stop()

	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	_, err := ami.Dial(ctx, url, ami.WithPassword("wrong"))
	fmt.Println(errors.Is(err, ami.ErrAuth))

	conn, err := ami.Dial(ctx, url, ami.WithReconnect(time.Second), ami.WithEvents("call", "agent"))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	fmt.Println(conn.State())
	// Output:
	// true
	// ready
}

func ExampleConn_Send() {
	url, stop := mockPBX()
	defer stop()
	conn, err := ami.Dial(ctx, url)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()

	reply, err := conn.Send(ctx, ami.Action{Name: "QueueStatus", Fields: ami.Fields{{"Queue", "support"}}})
	if err != nil {
		log.Fatal(err)
	}
	for _, item := range reply.Items {
		if item.Name() == "QueueMember" {
			fmt.Println(item.Get("Name"))
		}
	}
	// Output:
	// Local One
	// Local Two
	// Alice
}

func ExampleConn_Send_errors() {
	url, stop := mockPBX()
	defer stop()
	conn, err := ami.Dial(ctx, url)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()

	_, err = conn.Send(ctx, ami.Action{Name: "Hangup", Fields: ami.Fields{{"Channel", "SIP/nobody"}}})
	fmt.Println(err)
	fmt.Println(errors.Is(err, ami.ErrReply), ami.FateOf(err))

	_, err = conn.Send(ctx, ami.Action{Name: "Ping", Fields: ami.Fields{{"Data", "x\r\nAction: Logoff"}}})
	fmt.Println(errors.Is(err, ami.ErrInjection), ami.FateOf(err))
	// Output:
	// ami: Hangup: Asterisk answered with an error: No such channel
	// true answered
	// true not sent
}

func ExampleConn_Events() {
	url, stop := mockPBX()
	defer stop()
	conn, err := ami.Dial(ctx, url)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	go func() {
		for conn.Err() == nil { // until the loop below has heard one
			_, _ = conn.Send(ctx, ami.Action{Name: "UserEvent", Fields: ami.Fields{{"UserEvent", "Doorbell"}, {"Door", "front"}}})
		}
	}()

	for ev, err := range conn.Events(ctx, "User*") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ev.Name(), ev.Get("userevent"), ev.Get("Door"))
		break
	}
	// Output: UserEvent Doorbell front
}

func ExampleConn_Items() {
	url, stop := mockPBX()
	defer stop()
	conn, err := ami.Dial(ctx, url)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()

	channels := 0
	for _, err := range conn.Items(ctx, ami.Action{Name: "CoreShowChannels", Fields: ami.Fields{{"Items", "3"}}}) {
		if err != nil {
			log.Fatal(err)
		}
		channels++
	}
	fmt.Println(channels, "channels")
	// Output: 3 channels
}

func ExampleSubscription_Batch() {
	url, stop := mockPBX()
	defer stop()
	conn, err := ami.Dial(ctx, url)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	sub, err := conn.Subscribe("UserEvent")
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	for range 3 {
		if _, err := conn.Send(ctx, ami.Action{Name: "UserEvent", Fields: ami.Fields{{"UserEvent", "Beat"}}}); err != nil {
			log.Fatal(err)
		}
	}

	batch := sub.Batch("UserEvent", "ActionID")
	defer batch.Close()
	beats := 0
	for beats < 3 && batch.Next(ctx) {
		for row := range batch.Len() {
			if string(batch.Bytes(row, 0)) == "Beat" {
				beats++
			}
		}
	}
	fmt.Println(beats)
	// Output: 3
}
