/* Actions whose response begins a list. */
#include "script.h"

#define START "Response: Success\nActionID: a1\nEventList: start\nMessage: will follow\n\n"
#define OLD_START "Response: Success\nActionID: a1\nMessage: Items will follow\n\n"

/* The first action of a new session, and the server's answer to it. */
static void hears(const char* action, const char* answer, const char* lines) {
  core_session_t* session = ready_session();
  sends(session, action);
  server(session, answer);
  says(session, lines);
  /* Nothing is left in its place: a Ping at once gets its answer, and no other reply comes. */
  sends(session, "Ping");
  server(session, "Response: Success\nActionID: a2\n\n");
  says(session, "response Success\nreply 2 OK answered Success\n");
  done(session);
}

static void list_with_eventlist(void** state) {
  (void)state;
  hears("QueueStatus",
        START
        "Event: QueueParams\nActionID: a1\n\nEvent: QueueMember\nActionID: a1\n\n"
        "Event: QueueStatusComplete\nActionID: a1\nEventList: Complete\nListItems: 2\n\n",
        "response Success\nitem QueueParams\nitem QueueMember\nitem QueueStatusComplete\n"
        "reply 1 OK answered Success +QueueParams +QueueMember end=QueueStatusComplete\n");
}

static void empty_list(void** state) {
  (void)state;
  hears("QueueStatus",
        START "Event: QueueStatusComplete\nActionID: a1\nEventList: Complete\nListItems: 0\n\n",
        "response Success\nitem QueueStatusComplete\nreply 1 OK answered Success end=QueueStatusComplete\n");
}

/* FAXSessions: "Start". 1.6.0: "Eventlist". The end in any case. */
static void spelling_does_not_matter(void** state) {
  (void)state;
  hears("FAXSessions",
        "Response: Success\nActionID: a1\nEventList: Start\nMessage: x\n\n"
        "Event: FAXSessionsEntry\nActionID: a1\n\n"
        "Event: FAXSessionsComplete\nActionID: a1\nTotal: 1\n\n",
        "response Success\nitem FAXSessionsEntry\nitem FAXSessionsComplete\n"
        "reply 1 OK answered Success +FAXSessionsEntry end=FAXSessionsComplete\n");
  hears("CoreShowChannels",
        "Response: Success\nActionID: a1\nEventlist: start\nMessage: x\n\n"
        "Event: coreshowchannelscomplete\nActionID: a1\neventlist: complete\n\n",
        "response Success\nitem coreshowchannelscomplete\n"
        "reply 1 OK answered Success end=coreshowchannelscomplete\n");
}

/* Lists of other modules, which nobody has heard of. */
static void unknown_list_with_eventlist(void** state) {
  (void)state;
  hears("SCCPShowDevices",
        START
        "Event: SCCPDeviceEntry\nActionID: a1\n\n"
        "Event: SCCPShowDevicesComplete\nActionID: a1\nEventList: Complete\n\n",
        "response Success\nitem SCCPDeviceEntry\nitem SCCPShowDevicesComplete\n"
        "reply 1 OK answered Success +SCCPDeviceEntry end=SCCPShowDevicesComplete\n");
}

static void list_before_eventlist(void** state) {
  (void)state;
  hears("Status",
        OLD_START
        "Event: Status\nPrivilege: Call\nActionID: a1\n\n"
        "Event: StatusComplete\nActionID: a1\nItems: 1\n\n",
        "response Success\nitem Status\nitem StatusComplete\n"
        "reply 1 OK answered Success +Status end=StatusComplete\n");
}

/* 1.2: a Success without a Message. */
static void list_without_any_message(void** state) {
  (void)state;
  hears("parkedcalls",
        "Response: Success\nActionID: a1\n\nEvent: ParkedCall\nActionID: a1\n\n"
        "Event: ParkedCallsComplete\nActionID: a1\n\n",
        "response Success\nitem ParkedCall\nitem ParkedCallsComplete\n"
        "reply 1 OK answered Success +ParkedCall end=ParkedCallsComplete\n");
}

/* "There are no voicemail users currently defined." */
static void plain_success_in_place_of_a_list(void** state) {
  (void)state;
  hears("VoicemailUsersList",
        "Response: Success\nActionID: a1\nMessage: There are no voicemail users currently defined.\n\n",
        "response Success\nreply 1 OK answered Success\n");
  /* 1.6.0 adds a terminator to it. */
  hears("VoicemailUsersList",
        "Response: Success\nActionID: a1\nMessage: There are no voicemail users currently defined.\n\n"
        "Event: VoicemailUserEntryComplete\nActionID: a1\n\n",
        "response Success\nreply 1 OK answered Success\nevent VoicemailUserEntryComplete\n");
}

static void error_in_place_of_a_list(void** state) {
  (void)state;
  hears("PJSIPShowContacts", "Response: Error\nActionID: a1\nMessage: No Contacts found\n\n",
        "response Error\nreply 1 EREPLY answered Error\n");
}

/* ExtensionStateList of 24-dev; ShowDialPlan. */
static void error_after_the_start(void** state) {
  (void)state;
  hears("ShowDialPlan",
        START
        "Event: ListDialplan\nActionID: a1\n\n"
        "Response: Error\nActionID: a1\nMessage: Did not find context x\n\n",
        "response Success\nitem ListDialplan\nresponse Error\n"
        "reply 1 EREPLY answered Error +ListDialplan\n");
}

/* PJSIPShowEndpoint: the terminator comes nevertheless, and is no event of the stream. */
static void error_and_then_the_terminator(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "PJSIPShowEndpoint Endpoint=x");
  server(session, START
         "Event: EndpointDetail\nActionID: a1\n\n"
         "Response: Error\nActionID: a1\nMessage: Unable to describe\n\n");
  says(session,
       "response Success\nitem EndpointDetail\nresponse Error\n"
       "reply 1 EREPLY answered Error +EndpointDetail\n");
  server(session,
         "Event: Other\nPrivilege: x\nActionID: other\n\n"
         "Event: EndpointDetailComplete\nActionID: a1\nEventList: Complete\n\n");
  says(session, "event Other\nitem EndpointDetailComplete\n");
  sends(session, "Ping");
  server(session, "Response: Success\nActionID: a2\n\nEvent: X\nPrivilege: a\nActionID: a1\n\n");
  says(session, "response Success\nreply 2 OK answered Success\nevent X\n");
  done(session);
}

/* Only an error ends what the first response began. */
static void a_second_success_means_nothing(void** state) {
  (void)state;
  hears("QueueStatus",
        START
        "Response: Success\nActionID: a1\n\nEvent: QueueParams\nActionID: a1\n\n"
        "Event: QueueStatusComplete\nActionID: a1\nEventList: Complete\n\n",
        "response Success\nresponse Success\nitem QueueParams\nitem QueueStatusComplete\n"
        "reply 1 OK answered Success +QueueParams end=QueueStatusComplete\n");
}

static void canceled_by_the_server(void** state) {
  (void)state;
  hears("QueueStatus",
        START
        "Event: QueueParams\nActionID: a1\n\n"
        "Event: QueueStatusComplete\nActionID: a1\nEventList: cancelled\n\n",
        "response Success\nitem QueueParams\nitem QueueStatusComplete\n"
        "reply 1 EREPLY answered Success +QueueParams end=QueueStatusComplete\n");
}

/* ListItems may differ from what came. */
static void the_count_is_not_believed(void** state) {
  (void)state;
  hears("PJSIPShowRegistrationsOutbound",
        START
        "Event: OutboundRegistrationDetail\nActionID: a1\n\nEvent: AuthDetail\nActionID: a1\n\n"
        "Event: OutboundRegistrationDetailComplete\nActionID: a1\nEventList: Complete\n"
        "ListItems: 1\n\n",
        "response Success\nitem OutboundRegistrationDetail\nitem AuthDetail\n"
        "item OutboundRegistrationDetailComplete\nreply 1 OK answered Success "
        "+OutboundRegistrationDetail +AuthDetail end=OutboundRegistrationDetailComplete\n");
}

/* Items of the same name as live events: only our ActionID makes the difference. */
static void live_events_are_no_items(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "DeviceStateList");
  server(session, START
         "Event: DeviceStateChange\nPrivilege: call,all\nDevice: a\n\n"
         "Event: DeviceStateChange\nActionID: a1\n\n"
         "Event: DeviceStateChange\nPrivilege: call,all\nActionID: other\n\n"
         "Event: UserEvent\nPrivilege: user,all\nActionID: a1\nEventList: Complete\n\n"
         "Event: DeviceStateListComplete\nActionID: a1\nEventList: Complete\n\n");
  says(session,
       "response Success\nevent DeviceStateChange\nitem DeviceStateChange\nevent DeviceStateChange\n"
       "event UserEvent\nitem DeviceStateListComplete\n"
       "reply 1 OK answered Success +DeviceStateChange end=DeviceStateListComplete\n");
  done(session);
}

/* Hangup is a list only when its channel is a regular expression. */
static void hangup_by_pattern(void** state) {
  (void)state;
  hears("Hangup Channel=/^Local/",
        "Response: Success\nActionID: a1\nMessage: Channels hungup will follow\n\n"
        "Event: ChannelHungup\nActionID: a1\n\nEvent: ChannelsHungupListComplete\nActionID: a1\n\n",
        "response Success\nitem ChannelHungup\nitem ChannelsHungupListComplete\n"
        "reply 1 OK answered Success +ChannelHungup end=ChannelsHungupListComplete\n");
  hears("Hangup Channel=Local/1", "Response: Success\nActionID: a1\nMessage: Channel Hungup\n\n",
        "response Success\nreply 1 OK answered Success\n");
  hears("Hangup", "Response: Success\nActionID: a1\n\n", "response Success\nreply 1 OK answered Success\n");
}

/* SKINNYdevices, SIPshowregistry, IAXpeerlist: terminators that do not follow from the action's name. */
static void terminators_by_the_table(void** state) {
  static const char* const ends[][2] = {
      {"SKINNYdevices", "DevicelistComplete"},      {"SKINNYlines", "LinelistComplete"},
      {"SIPshowregistry", "RegistrationsComplete"}, {"SIPpeers", "PeerlistComplete"},
      {"IAXpeerlist", "PeerlistComplete"},          {"Agents", "AgentsComplete"}};
  (void)state;
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    char answer[512];
    char lines[512];
    snprintf(answer, sizeof answer, OLD_START "Event: Entry\nActionID: a1\n\nEvent: %s\nActionID: a1\n\n",
             ends[i][1]);
    snprintf(lines, sizeof lines,
             "response Success\nitem Entry\nitem %s\nreply 1 OK answered Success +Entry end=%s\n", ends[i][1],
             ends[i][1]);
    hears(ends[i][0], answer, lines);
  }
}

/* ------------------------------------------------------------------------------- violations of old */

/* 1.6.0: items begin with "Channel:" and have neither Event nor ActionID. */
static void items_without_event(void** state) {
  (void)state;
  hears("CoreShowChannels",
        "Response: Success\nActionID: a1\nEventlist: start\nMessage: Channels will follow\n\n"
        "Channel: SIP/1\nUniqueID: 1\n\nChannel: SIP/2\nUniqueID: 2\n\n"
        "Event: CoreShowChannelsComplete\nActionID: a1\nEventList: Complete\nListItems: 2\n\n",
        "response Success\nitem \nitem \nitem CoreShowChannelsComplete\n"
        "reply 1 OK answered Success + + end=CoreShowChannelsComplete\n");
}

/* VoicemailUsersList up to 13.1. */
static void items_that_begin_with_actionid(void** state) {
  (void)state;
  hears("VoicemailUsersList",
        OLD_START
        "ActionID: a1\nEvent: VoicemailUserEntry\nVMContext: default\n\n"
        "Event: VoicemailUserEntryComplete\nActionID: a1\n\n",
        "response Success\nitem VoicemailUserEntry\nitem VoicemailUserEntryComplete\n"
        "reply 1 OK answered Success +VoicemailUserEntry end=VoicemailUserEntryComplete\n");
}

/* IAXpeers: PeerEntry without an ActionID. Live events always have a Privilege. */
static void items_without_actionid(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "IAXpeers");
  server(session, OLD_START
         "Event: PeerEntry\nChanneltype: IAX\n\n"
         "Event: PeerStatus\nPrivilege: system,all\n\n"
         "Event: PeerEntry\nChanneltype: IAX\n\n"
         "Event: PeerlistComplete\nListItems: 2\n\n");
  says(session,
       "response Success\nitem PeerEntry\nevent PeerStatus\nitem PeerEntry\nitem PeerlistComplete\n"
       "reply 1 OK answered Success +PeerEntry +PeerEntry end=PeerlistComplete\n");
  done(session);
}

/* CoreShowChannelMap of 18.19 to 21.3: an item's blank line is a bare LF. */
static void items_that_end_in_lf(void** state) {
  (void)state;
  core_session_t* session = ready_session();
  sends(session, "CoreShowChannelMap");
  server_bytes(session,
               "Response: Success\r\nActionID: a1\r\nEventList: start\r\n\r\n"
               "Event: CoreShowChannelMap\r\nActionID: a1\r\n\n"
               "Event: CoreShowChannelMapComplete\r\nActionID: a1\r\nEventList: Complete\r\n\r\n");
  says(session,
       "response Success\nitem CoreShowChannelMap\nitem CoreShowChannelMapComplete\n"
       "reply 1 OK answered Success +CoreShowChannelMap end=CoreShowChannelMapComplete\n");
  done(session);
}

static void streamed_items_are_not_kept(void** state) {
  (void)state;
  hears("QueueStatus each",
        START
        "Event: QueueParams\nActionID: a1\n\nEvent: QueueMember\nActionID: a1\n\n"
        "Event: QueueStatusComplete\nActionID: a1\nEventList: Complete\n\n",
        "response Success\nitem QueueParams\neach 1 QueueParams\nitem QueueMember\neach 1 QueueMember\n"
        "item QueueStatusComplete\nreply 1 OK answered Success end=QueueStatusComplete\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(list_with_eventlist),
      cmocka_unit_test(empty_list),
      cmocka_unit_test(spelling_does_not_matter),
      cmocka_unit_test(unknown_list_with_eventlist),
      cmocka_unit_test(list_before_eventlist),
      cmocka_unit_test(list_without_any_message),
      cmocka_unit_test(plain_success_in_place_of_a_list),
      cmocka_unit_test(error_in_place_of_a_list),
      cmocka_unit_test(error_after_the_start),
      cmocka_unit_test(error_and_then_the_terminator),
      cmocka_unit_test(a_second_success_means_nothing),
      cmocka_unit_test(canceled_by_the_server),
      cmocka_unit_test(the_count_is_not_believed),
      cmocka_unit_test(live_events_are_no_items),
      cmocka_unit_test(hangup_by_pattern),
      cmocka_unit_test(terminators_by_the_table),
      cmocka_unit_test(items_without_event),
      cmocka_unit_test(items_that_begin_with_actionid),
      cmocka_unit_test(items_without_actionid),
      cmocka_unit_test(items_that_end_in_lf),
      cmocka_unit_test(streamed_items_are_not_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
