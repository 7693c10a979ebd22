/* layout.h: how the numbers of one value lie in memory */
#pragma once

#include "tensor/shape.h"

G_BEGIN_DECLS

/* n, ceil (c / block), h, w, block: block 1 is the plain n c h w order. Channels that only fill the last block are always 0. */
typedef struct
{
  EspShape shape; /* n = batch */
  int      block; /* channels that lie side by side */
  gsize    size;  /* bytes of one number: 2 (bfloat16), 4 (float) or 8 (double) */
} EspLayout;

/* Thread: any, all functions; they touch nothing but what they are given. */
gsize    esp_layout_get_bytes     (const EspLayout *layout);
gboolean esp_layout_equal         (const EspLayout *a,
                                   const EspLayout *b);
void     esp_layout_pack          (const EspLayout *layout,
                                   const float     *plain,  /* n c h w */
                                   void            *native);
void     esp_layout_unpack        (const EspLayout *layout,
                                   const void      *native,
                                   float           *plain);
void     esp_layout_unpack_double (const EspLayout *layout,
                                   const void      *native,
                                   double          *plain);
void     esp_layout_zero_channels (const EspLayout *layout,
                                   void            *native,
                                   const guint8    *keep);  /* shape.c bytes; 0 zeroes the channel */
void     esp_layout_take_channels (const EspLayout *layout,
                                   const void      *native,
                                   const guint     *order,  /* shape.c channels of native, as they come in to */
                                   void            *to);
void     esp_layout_add           (const EspLayout *layout,
                                   const void      *native,
                                   void            *total);  /* total += native */
void     esp_layout_guide         (const EspLayout *layout,
                                   const void      *native,
                                   void            *grad);   /* 0 where either is not above 0 */

G_END_DECLS
