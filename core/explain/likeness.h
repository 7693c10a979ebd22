/* likeness.h: how like a target's box the proposals of another forward are */
#pragma once

#include "detect/decode.h"
#include "explain/target.h"

G_BEGIN_DECLS

typedef struct
{
  EspShape input;         /* of the network */
  EspBox   box;           /* fractions of the input */
  int      classes;
  float   *probabilities; /* classes */
  double   length;        /* of that vector */
} EspLikeness;

gboolean esp_likeness_init  (EspLikeness        *likeness,  /* (out) */
                             const EspHeads     *heads,     /* of the image as it is, item 0 */
                             const EspTarget    *target,
                             EspPlacement        placement, /* of the image on the input */
                             GError            **error);
void     esp_likeness_clear (EspLikeness        *likeness);
double   esp_likeness_best  (const EspLikeness  *likeness,  /* 0..1; Thread: any, many at once */
                             const EspHeads     *heads,
                             guint               item);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspLikeness, esp_likeness_clear)

G_END_DECLS
