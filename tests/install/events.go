package main

// #cgo pkg-config: ami
// #include <ami/ami.h>
import "C"
import (
	"fmt"
	"os"
)

func main() {
	client, queue, item := C.ami_new(), C.ami_queue_new(), C.ami_item_t{}
	channel, reason := C.CString("Channel"), C.CString("Reason")
	C.ami_set_queue(client, queue)
	C.ami_on(client, C.CString("*"), nil, nil, nil, nil)
	if C.ami_set(client, C.CString("url"), C.CString(os.Getenv("AMI_URL"))) != 0 || C.ami_connect(client) != 0 {
		panic("AMI_URL is no ami://user:secret@host")
	}
	go func() { fmt.Scanln(); C.ami_disconnect(client) }() // until Enter
	for name := ""; name != "connection-close"; C.ami_queue_release(&item, 1) {
		C.ami_queue_poll(queue, &item, 1, -1)
		name = C.GoString(C.ami_msg_name(item.msg))
		fmt.Println(name, C.GoString(C.ami_msg_get(item.msg, channel, nil)), C.GoString(C.ami_msg_get(item.msg, reason, nil)))
	}
}
