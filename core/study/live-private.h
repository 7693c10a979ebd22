/* live-private.h: the two halves of the evaluator share this: live.c is the main thread's, live-*.c are the lane's, a job each */
#pragma once

#include <pthread.h>

#include "net/cut.h"
#include "study/live.h"

G_BEGIN_DECLS

#define LIVE_PUBLISH_INTERVAL (G_USEC_PER_SEC / 10)
#define LIVE_REPLICATES_STEP  20 /* of a bootstrap, between two looks at what waits */
#define LIVE_TIMED_IMAGES     8  /* that say how long one takes */
#define LIVE_LEAST_PARTIAL    16 /* images: below, agreement is shown instead of a mAP */

/* A mask under evaluation. The lane alone writes; numbers are read elsewhere under the lock. */
typedef struct
{
  EspTrial     trial;
  EspOutcome **outcomes; /* by data set index, NULL where not yet seen; freed once the interval is known */
  guint        n, seen;
  gboolean     finished;
  gboolean     approximate; /* a look in bfloat16: never finished, never kept */
} LiveRun;

LiveRun *live_run_new   (EspMask *mask, const char *title, EspPlanState *state, guint n);
LiveRun *live_run_ref   (LiveRun *run);
void     live_run_unref (LiveRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LiveRun, live_run_unref)

/* What belongs to quick looks in bfloat16 alone. */
typedef struct
{
  gboolean     wanted;   /* with the lock held, as the next three: the next look is in bfloat16 */
  gboolean     queued;   /* the measuring waits in the lane, is under way, or failed */
  gboolean     measured; /* as far as there is anything to measure */
  guint64      told;     /* generation of what the result slot shows part way */
  EspEngine   *whole;    /* Thread: lane, as all below */
  EspEngine   *engine;   /* of the last mask looked at */
  EspHash      engine_hash;
  EspOutcome **outcomes; /* (nullable): of the unpruned network, by data set index, until the difference is known */
  guint        n_seen;   /* of the order */
  double       seconds_per_image; /* 0: not timed yet */
} LiveHalf;

struct _EspLive
{
  EspLane      *lane;
  EspMaterial  *material;
  GMainContext *context;
  EspLiveEvents events; /* Thread: main */
  gpointer      data;   /* Thread: main */
  guint        *order;  /* immutable */

  pthread_mutex_t lock; /* of all below, up to the line */
  gboolean        closed;
  EspMask        *wanted;       /* the newest mask */
  char           *title;        /* of its act */
  EspPlanState   *state;        /* (nullable): its plan */
  guint64         generation;   /* bumped by every request */
  gboolean        look_queued;  /* a quick look waits in the lane */
  gboolean        pass_queued;  /* a full pass waits in the lane */
  EspJob         *pass_job;     /* (nullable): of the full pass under way */
  EspJob         *latency_job;  /* (nullable) */
  EspJob         *baseline_job; /* (nullable) */
  gboolean        baseline_running;
  EspOutcome    **baseline;     /* by data set index; an entry is set once */
  guint           n_baseline;   /* of the order, known */
  guint           told_baseline; /* of them, told to the main thread */
  EspMapNumber    number;       /* the result slot */
  gboolean        changed;
  GHashTable     *finished;  /* hash in words → LiveRun */
  GHashTable     *latencies; /* hash in words → EspLatencySpan: of the whole network, measured beside that mask's */
  GQueue          news;      /* of LiveNews: finished runs and their intervals, not to be lost */
  GError         *failure;   /* not yet told */
  gboolean        idle_queued;
  /* ---- Thread: lane ---- */
  EspJob    *stop; /* cancelled by close alone: what the quick look listens to */
  EspEngine *whole;
  EspCut    *cut; /* of the last mask, whatever it was made for */
  EspHash    cut_hash;
  EspEngine *engine;
  EspHash    engine_hash;
  LiveRun   *run; /* the newest under way */
  GQueue     held; /* of LiveRun: finished, without an interval yet, oldest first */
  EspPrefixCache *prefixes; /* (nullable): none kept */
  EspMask    *last;         /* (nullable): evaluated last */
  GArray     *changes;      /* of guint: first layers that masks differed in, ascending */
  guint       newest;       /* of them, between the last two masks */
  double     seconds_per_image;
  gint64     last_partial; /* when a partial number was last published */
  gint64     partial_cost; /* how long that took, interval and all */
  LiveHalf   half;
};

typedef struct
{
  LiveRun *run;
  gboolean fresh;
} LiveNews;

EspLive *live_ref            (EspLive *live);
void     live_unref          (EspLive *live);
void     live_queue_idle     (EspLive *live);                   /* with the lock held */
void     live_post_look      (EspLive *live);                   /* with the lock held */
void     live_look           (gpointer data);                   /* lane acts */
void     live_pass           (gpointer data);
void     live_baseline       (gpointer data);
void     live_latency        (gpointer data);
void     live_half_post      (EspLive *live);                   /* with the lock held */
LiveRun *live_find_finished  (EspLive *live, const EspMask *mask); /* with the lock held; (transfer none) */
void     live_show_finished  (EspLive *live, LiveRun *run); /* with the lock held */
EspEngine *live_whole_engine (EspLive *live, GError **error);                     /* Thread: lane, as all below */
EspCut  *live_cut            (EspLive *live, EspMask *mask, GError **error);      /* (transfer none): until the next mask's */
EspEngine *live_new_engine   (EspLive *live, EspBackendKind backend, EspNetwork *network, EspWeights *weights, EspEngine *reuse, GError **error);
EspPass *live_new_pass       (EspLive *live, EspEngine *engine);
double   live_time_images    (EspLive *live, EspPass *pass);
EspPass *live_half_new_pass  (EspLive *live, EspMask *mask, GError **error);
void     live_half_clear     (LiveHalf *half, guint n);
EspPass *live_new_kept_pass  (EspLive *live, EspEngine *engine, EspMask *mask);
void     live_tell_failure   (EspLive *live, const GError *error);
void     live_tell_partial   (EspLive *live, LiveRun *run, guint n, guint64 generation, const EspInterval *interval);
void     live_finish_run     (EspLive *live, LiveRun *run);
void     live_keep_interval  (EspLive *live, LiveRun *run, EspInterval interval);
void     live_hold_outcomes  (EspLive *live, LiveRun *run);     /* Thread: lane */
void     live_drop_outcomes  (LiveRun *run);                    /* Thread: lane */

G_END_DECLS
