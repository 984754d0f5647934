import ctypes, os, sys

ami = ctypes.CDLL("libami.so.0")
pointer, text = ctypes.c_void_p, ctypes.c_char_p
ami.ami_new.restype = pointer
ami.ami_msg_name.restype, ami.ami_msg_name.argtypes = text, [pointer]
ami.ami_msg_get.restype, ami.ami_msg_get.argtypes = text, [pointer, text, pointer]

@ctypes.CFUNCTYPE(None, pointer, pointer, pointer)
def print_event(_, event, user):
    print(ami.ami_msg_name(event).decode(), (ami.ami_msg_get(event, b"Channel", None) or b"").decode())

client, why = pointer(ami.ami_new()), ctypes.create_string_buffer(256)
ami.ami_on(client, b"*", print_event, None, None, None)
failed = ami.ami_set(client, b"url", os.getenvb(b"AMI_URL")) or ami.ami_connect(client) or ami.ami_wait(client, 10000)
ami.ami_detail(client, why, 256)
if not failed: input()  # until Enter
ami.ami_destroy(client)
sys.exit(why.value.decode() if failed else 0)
