/* Every list action of the server, each with something to list where a server on its own can have it. */
#define _GNU_SOURCE /* strcasestr */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

enum { BOTH, ONLY_16, ONLY_22 };

/* A parameter whose value starts with @ is looked up on the server first. at_least 0: the list may be empty;
   -1: empty is told by an error; GLUED: see below. */
enum { EMPTY = 0, ERROR = -1, GLUED = -2 };
static const struct list {
  const char *action, *key1, *value1, *key2, *value2, *items, *end;
  int at_least, version;
} lists[] = {
    {"Agents", 0, 0, 0, 0, "Agents", "AgentsComplete", 2, BOTH},
    {"BridgeInfo", "BridgeUniqueid", "@bridge", 0, 0, "BridgeInfoChannel", "BridgeInfoComplete", 2, BOTH},
    {"BridgeList", 0, 0, 0, 0, "BridgeListItem", "BridgeListComplete", 3, BOTH},
    {"BridgeTechnologyList", 0, 0, 0, 0, "BridgeTechnologyListItem", "BridgeTechnologyListComplete", 3, BOTH},
    {"ConfbridgeList", "Conference", "1000", 0, 0, "ConfbridgeList", "ConfbridgeListComplete", 1, BOTH},
    {"ConfbridgeList", "Conference", "none", 0, 0, "", "", ERROR, BOTH},
    {"ConfbridgeListRooms", 0, 0, 0, 0, "ConfbridgeListRooms", "ConfbridgeListRoomsComplete", 1, BOTH},
    {"CoreShowChannelMap", "Channel", "@channel", 0, 0, "CoreShowChannelMap", "CoreShowChannelMapComplete", 2,
     ONLY_22},
    {"CoreShowChannels", 0, 0, 0, 0, "CoreShowChannel", "CoreShowChannelsComplete", 12, BOTH},
    {"DBGet", "Family", "tests", "Key", "key", "DBGetResponse", "DBGetComplete", 1, BOTH},
    {"DBGet", "Family", "tests", "Key", "none", "", "", ERROR, BOTH},
    {"DBGetTree", "Family", "tests", 0, 0, "DBGetTreeResponse", "DBGetTreeComplete", 2, BOTH},
    {"DeviceStateList", 0, 0, 0, 0, "DeviceStateChange", "DeviceStateListComplete", 5, BOTH},
    {"ExtensionStateList", 0, 0, 0, 0, "ExtensionStatus", "ExtensionStateListComplete", 2, BOTH},
    {"FAXSessions", 0, 0, 0, 0, "FAXSessionsEntry", "FAXSessionsComplete", EMPTY, BOTH},
    {"Hangup", "Channel", "/^none$/", 0, 0, "ChannelHungup", "ChannelsHungupListComplete", EMPTY, BOTH},
    {"IAXpeerlist", 0, 0, 0, 0, "PeerEntry", "PeerlistComplete", 1, BOTH},
    {"IAXpeers", 0, 0, 0, 0, "PeerEntry", "PeerlistComplete", 1, BOTH},
    {"IAXregistry", 0, 0, 0, 0, "RegistryEntry", "RegistrationsComplete", 1, BOTH},
    {"PJSIPHangup", "Channel", "/^none$/", 0, 0, "ChannelHungup", "ChannelsHungupListComplete", EMPTY,
     ONLY_22},
    {"PJSIPShowAors", 0, 0, 0, 0, "AorList", "AorListComplete", 1, BOTH},
    {"PJSIPShowAuths", 0, 0, 0, 0, "AuthList", "AuthListComplete", 1, BOTH},
    {"PJSIPShowContacts", 0, 0, 0, 0, "ContactList", "ContactListComplete", 1, BOTH},
    {"PJSIPShowEndpoint", "Endpoint", "alice", 0, 0,
     "EndpointDetail AorDetail AuthDetail ContactStatusDetail", "EndpointDetailComplete", 4, BOTH},
    {"PJSIPShowEndpoint", "Endpoint", "none", 0, 0, "", "", ERROR, BOTH},
    {"PJSIPShowEndpoints", 0, 0, 0, 0, "EndpointList", "EndpointListComplete", 1, BOTH},
    {"PJSIPShowMaintenance", 0, 0, 0, 0, "PJSIPMaintenanceStatus", "PJSIPMaintenanceStatusComplete", EMPTY,
     ONLY_22},
    {"PJSIPShowRegistrationInboundContactStatuses", 0, 0, 0, 0, "ContactStatusDetail",
     "ContactStatusDetailComplete", 1, BOTH},
    {"PJSIPShowRegistrationsInbound", 0, 0, 0, 0, "InboundRegistrationDetail",
     "InboundRegistrationDetailComplete", 1, BOTH},
    {"PJSIPShowRegistrationsOutbound", 0, 0, 0, 0, "OutboundRegistrationDetail AuthDetail",
     "OutboundRegistrationDetailComplete", 2, BOTH},
    {"PJSIPShowResourceLists", 0, 0, 0, 0, "ResourceListDetail", "ResourceListDetailComplete", 1, BOTH},
    {"PJSIPShowSubscriptionsInbound", 0, 0, 0, 0, "InboundSubscriptionDetail",
     "InboundSubscriptionDetailComplete", EMPTY, BOTH},
    {"PJSIPShowSubscriptionsOutbound", 0, 0, 0, 0, "OutboundSubscriptionDetail",
     "OutboundSubscriptionDetailComplete", EMPTY, BOTH},
    {"ParkedCalls", 0, 0, 0, 0, "ParkedCall", "ParkedCallsComplete", 1, BOTH},
    {"Parkinglots", 0, 0, 0, 0, "Parkinglot", "ParkinglotsComplete", 1, BOTH},
    {"PresenceStateList", 0, 0, 0, 0, "PresenceStateChange", "PresenceStateListComplete", 1, BOTH},
    {"QueueStatus", 0, 0, 0, 0, "QueueParams QueueMember QueueEntry", "QueueStatusComplete", 5, BOTH},
    {"QueueStatus", "Queue", "none", 0, 0, "", "QueueStatusComplete", EMPTY, BOTH},
    {"QueueSummary", 0, 0, 0, 0, "QueueSummary", "QueueSummaryComplete", 2, BOTH},
    {"SIPpeers", 0, 0, 0, 0, "PeerEntry", "PeerlistComplete", 2, ONLY_16},
    {"SIPpeerstatus", 0, 0, 0, 0, "PeerStatus", "SIPpeerstatusComplete", 2, ONLY_16},
    {"SIPshowregistry", 0, 0, 0, 0, "RegistryEntry", "RegistrationsComplete", 1, ONLY_16},
    {"SKINNYdevices", 0, 0, 0, 0, "DeviceEntry", "DevicelistComplete", GLUED, ONLY_16},
    {"SKINNYlines", 0, 0, 0, 0, "LineEntry", "LinelistComplete", GLUED, ONLY_16},
    {"ShowDialPlan", 0, 0, 0, 0, "ListDialplan", "ShowDialPlanComplete", 30, BOTH},
    {"ShowDialPlan", "Context", "none", 0, 0, "", "", ERROR, BOTH},
    {"Status", 0, 0, 0, 0, "Status", "StatusComplete", 12, BOTH},
    {"Status", "Channel", "none", 0, 0, "", "", ERROR, BOTH},
    {"VoicemailBoxSummary", "Context", "default", "Mailbox", "1234", "VoicemailBoxDetail",
     "VoicemailBoxDetailComplete", EMPTY, ONLY_22},
    {"VoicemailUserStatus", "Context", "default", "Mailbox", "1234", "VoicemailUserDetail",
     "VoicemailUserDetailComplete", 1, BOTH},
    {"VoicemailUsersList", 0, 0, 0, 0, "VoicemailUserEntry", "VoicemailUserEntryComplete", 2, BOTH},
};
enum { LISTS = sizeof lists / sizeof *lists };

static ami_t* client;
static recorder_t* queue_members; /* list items must not come here */

/* The bridge of the call `bridge`, once both of its channels are in it. */
static int find_bridge(char* bridge, size_t size) {
  int found = 0;
  ami_reply_t* reply = call(client, "BridgeList", NULL);
  for (size_t i = 0; i < ami_reply_count(reply); i++) {
    const ami_msg_t* item = ami_reply_at(reply, i);
    if (strcmp(ami_msg_get(item, "BridgeTechnology", NULL), "simple_bridge") != 0) continue;
    found = strcmp(ami_msg_get(item, "BridgeNumChannels", NULL), "2") == 0;
    snprintf(bridge, size, "%s", ami_msg_get(item, "BridgeUniqueid", NULL));
  }
  ami_reply_unref(reply);
  return found;
}

/* That bridge (@bridge), or a channel in it (@channel). */
static void look_up(const char* what, char* value, size_t size) {
  char bridge[64];
  assert_true(find_bridge(bridge, sizeof bridge));
  snprintf(value, size, "%s", bridge);
  if (strcmp(what, "@bridge") == 0) return;
  ami_reply_t* reply = call(client, "BridgeInfo", "BridgeUniqueid", bridge, NULL);
  assert_non_null(ami_reply_at(reply, 0));
  snprintf(value, size, "%s", ami_msg_get(ami_reply_at(reply, 0), "Channel", NULL));
  ami_reply_unref(reply);
}

static void start_call(const char* extension) {
  char channel[64] = "Local/";
  strcat(strcat(channel, extension), "@test");
  assert_int_equal(call_status(client, "Originate", "Channel", channel, "Application", "Wait", "Data", "600",
                               "Async", "true", NULL),
                   0);
}

static int fill_the_server(void** state) {
  (void)state;
  client = client_new("admin");
  queue_members = record(client, "QueueMember");
  recorder_t *parked = record(client, "ParkedCall"), *waiting = record(client, "QueueCallerJoin");
  recorder_t* joined = record(client, "ConfbridgeJoin");
  client_connect(client);
  static const char* const calls[] = {"bridge", "conference", "queue", "park"};
  for (int i = 0; i < 4; i++) start_call(calls[i]);
  assert_int_equal(call_status(client, "DBPut", "Family", "tests", "Key", "key", "Val", "value", NULL), 0);
  assert_int_equal(call_status(client, "DBPut", "Family", "tests", "Key", "key2", "Val", "a: b", NULL), 0);
  assert_int_equal(call_status(client, "Setvar", "Variable", "PRESENCE_STATE(CustomPresence:alice)", "Value",
                               "available,,here", NULL),
                   0);
  await_count(parked, 1);
  await_count(waiting, 1);
  await_count(joined, 1);
  char bridge[64];
  while (!find_bridge(bridge, sizeof bridge)) continue;
  /* The server registers alice with itself; that takes a moment after its start. */
  while (call_status(client, "PJSIPShowContacts", NULL) != 0) continue;
  return 0;
}

static int end(void** state) {
  (void)state;
  client_end(client);
  return 0;
}

static void add(ami_action_t* made, const char* key, const char* value) {
  char looked_up[128];
  if (key == NULL) return;
  if (value[0] == '@') {
    look_up(value, looked_up, sizeof looked_up);
    value = looked_up;
  }
  assert_int_equal(ami_action_add(made, key, value), 0);
}

static ami_action_t* list_action(const struct list* list) {
  ami_action_t* made = action(list->action, NULL);
  add(made, list->key1, list->value1);
  add(made, list->key2, list->value2);
  return made;
}

static int on_this_server(const struct list* list) {
  return list->version == BOTH || (list->version == ONLY_16) == (server_version() == 16);
}

/* Is this word one of the words of a text? */
static int one_of(const char* word, const char* words) {
  size_t length = strlen(word);
  for (const char* found = strstr(words, word); found != NULL; found = strstr(found + 1, word))
    if ((found == words || found[-1] == ' ') && (found[length] == ' ' || found[length] == '\0')) return 1;
  return 0;
}

static void check_items(const struct list* list, const ami_reply_t* reply) {
  size_t count = ami_reply_count(reply);
  if (count < (size_t)list->at_least) fail_msg("%s: only %zu items", list->action, count);
  for (size_t i = 0; i < count; i++) {
    const ami_msg_t* item = ami_reply_at(reply, i);
    assert_int_equal(ami_msg_kind(item), AMI_MSG_LISTITEM);
    if (!one_of(ami_msg_name(item), list->items)) fail_msg("%s: item %s", list->action, ami_msg_name(item));
    const ami_field_t* fields;
    if (ami_msg_fields(item, &fields) < 3) fail_msg("%s: an empty item", list->action);
  }
}

/* Asterisk 16 counts wrongly for DBGetTree, and no version counts the AuthDetail of registrations. */
static void check_count(const struct list* list, const ami_reply_t* reply) {
  if (one_of(list->action, "DBGetTree PJSIPShowRegistrationsOutbound")) return;
  const char* said = ami_msg_get(ami_reply_end(reply), "ListItems", NULL);
  if (said == NULL || strtoul(said, NULL, 10) != ami_reply_count(reply))
    fail_msg("%s: %zu items of %s", list->action, ami_reply_count(reply), said != NULL ? said : "?");
}

static void check(const struct list* list, const ami_reply_t* reply) {
  int expected = list->at_least == ERROR ? AMI_EREPLY : 0;
  if (ami_reply_status(reply) != expected)
    fail_msg("%s: %s: %s", list->action, ami_err_name(ami_reply_status(reply)),
             response_field(reply, "Message"));
  assert_int_equal(ami_reply_fate(reply), AMI_ANSWERED);
  assert_non_null(ami_reply_response(reply));
  if (list->at_least == ERROR) {
    assert_int_equal(ami_reply_count(reply), 0);
    assert_null(ami_reply_end(reply));
    return;
  }
  if (ami_reply_end(reply) == NULL) fail_msg("%s: no end", list->action);
  if (list->at_least == GLUED) {
    /* chan_skinny forgets the blank line behind its items: all of them and the end arrive as one message. */
    const ami_field_t* last = NULL;
    for (size_t i = 0; ami_msg_find(ami_reply_end(reply), "Event", i) != NULL; i++)
      last = ami_msg_find(ami_reply_end(reply), "Event", i);
    assert_non_null(last);
    assert_string_equal(last->value, list->end);
    assert_string_equal(ami_msg_name(ami_reply_end(reply)), list->items);
    return;
  }
  assert_string_equal(ami_msg_name(ami_reply_end(reply)), list->end);
  check_items(list, reply);
  check_count(list, reply);
}

static void one_by_one(void** state) {
  (void)state;
  for (int i = 0; i < LISTS; i++) {
    if (!on_this_server(&lists[i])) continue;
    ami_reply_t* reply = call_action(client, list_action(&lists[i]));
    check(&lists[i], reply);
    ami_reply_unref(reply);
  }
  assert_int_equal(recorded(queue_members), 0);
}

static void all_at_once(void** state) {
  (void)state;
  ami_action_t* made[LISTS];
  pending_t* pending[LISTS];
  for (int i = 0; i < LISTS; i++)
    if (on_this_server(&lists[i])) made[i] = list_action(&lists[i]);
  for (int i = 0; i < LISTS; i++)
    if (on_this_server(&lists[i])) pending[i] = send_action(client, made[i]);
  assert_int_equal(call_status(client, "Ping", NULL), 0);
  for (int i = 0; i < LISTS; i++) {
    if (!on_this_server(&lists[i])) continue;
    check(&lists[i], pending_wait(pending[i]));
    assert_int_equal(pending_free(pending[i]), 1);
  }
}

/* The table holds what the server offers: each version has the actions the table gives it, and no other whose
   name promises a list. */
static void the_table_is_whole(void** state) {
  (void)state;
  ami_reply_t* reply = call(client, "ListCommands", NULL);
  const ami_msg_t* commands = ami_reply_response(reply);
  for (int i = 0; i < LISTS; i++)
    if ((ami_msg_get(commands, lists[i].action, NULL) != NULL) != on_this_server(&lists[i]))
      fail_msg("%s is %son this server", lists[i].action, on_this_server(&lists[i]) ? "not " : "");
  const char* one_message = "ListCommands ListCategories SIPshowpeer SKINNYshowdevice SKINNYshowline";
  const ami_field_t* fields;
  size_t count = ami_msg_fields(commands, &fields);
  for (size_t i = 0; i < count; i++) {
    if (strcasestr(fields[i].key, "list") == NULL && strcasestr(fields[i].key, "show") == NULL) continue;
    int known = one_of(fields[i].key, one_message);
    for (int j = 0; j < LISTS && !known; j++) known = strcasecmp(fields[i].key, lists[j].action) == 0;
    if (!known) fail_msg("%s is a list, perhaps, and not in the table", fields[i].key);
  }
  ami_reply_unref(reply);
}

typedef struct {
  size_t members, others;
} seen_t;

static void on_item(ami_t* ami, const ami_msg_t* msg, void* user) {
  (void)ami;
  seen_t* seen = user;
  if (strcmp(ami_msg_name(msg), "QueueMember") == 0)
    seen->members++;
  else
    seen->others++;
}

/* Items given one by one are not kept; the reply's message behind them is the proof that all have come. */
static void item_by_item(void** state) {
  (void)state;
  seen_t seen = {0, 0};
  ami_action_t* made = action("QueueStatus", NULL);
  assert_int_equal(ami_send_each(client, made, on_item, NULL, &seen, NULL, NULL), 0);
  ami_action_free(made);
  pending_t* behind = send_action(client, action("QueueStatus", NULL));
  const ami_reply_t* reply = pending_wait(behind);
  assert_int_equal(seen.members, 2);
  assert_int_equal(seen.members + seen.others, ami_reply_count(reply));
  assert_int_equal(pending_free(behind), 1);
}

/* With list.events they come to the handlers of their name as well. */
static void items_as_events(void** state) {
  (void)state;
  ami_t* other = client_new("admin");
  client_set(other, "list.events", "true");
  recorder_t* members = record(other, "QueueMember");
  client_connect(other);
  assert_int_equal(call_status(other, "QueueStatus", NULL), 0);
  await_count(members, 2);
  assert_int_equal(ami_msg_kind(recorded_at(members, 0)), AMI_MSG_LISTITEM);
  client_end(other);
}

/* Channels that hang up because of the action are its items. Last, since it takes the conference away. */
static void hangup_by_pattern(void** state) {
  (void)state;
  ami_reply_t* reply = call(client, "Hangup", "Channel", "/^Local\\/conference@test.*2$/", NULL);
  assert_int_equal(ami_reply_status(reply), 0);
  assert_int_equal(ami_reply_count(reply), 1);
  assert_string_equal(ami_msg_name(ami_reply_at(reply, 0)), "ChannelHungup");
  ami_reply_unref(reply);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_by_one),   cmocka_unit_test(all_at_once),     cmocka_unit_test(the_table_is_whole),
      cmocka_unit_test(item_by_item), cmocka_unit_test(items_as_events), cmocka_unit_test(hangup_by_pattern),
  };
  return cmocka_run_group_tests(tests, fill_the_server, end);
}
