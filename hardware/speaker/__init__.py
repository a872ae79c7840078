"""The loudspeaker: words in, sound out. It knows no tickets and no queue.

Opened by an address (`hardware.speaker.open.open_speaker`): ``tts:`` (the synthetic voice, on the sound device when
there is one, else into files), ``tts:device=plughw:0,0``, ``wav:/folder`` (always into files), ``fake:``.
"""
